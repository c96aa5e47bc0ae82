"""A computer that cannot reach the box any more: its work is carried by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.storage.projections import load_state
from tests.browser.test_candidate import CandidatePage, require_no_violations
from tests.browser.test_take_over import picture, sign_in_as_chief
from tests.rig.box_process import BoxProcess

pytestmark = pytest.mark.browser


def test_unsent_work_is_carried_to_the_box_in_a_file(
    browser: Browser, box: BoxProcess, tmp_path: Path
) -> None:
    """Saved from the page, taken in for that candidate only, with a verdict; twice is harmless."""
    ada = CandidatePage(browser, box)
    ada.opens_the_address()
    ada.enters_the_code()
    ada.is_checked_in_and_started()
    ada.goes_to_item(3)
    ada.writes("On the box.")
    ada.sees_it_saved()
    ada.context.set_offline(True)
    ada.writes(" Only on this computer.")
    button = ada.page.get_by_role("button", name="Save it to a file")
    expect(button).to_be_visible(timeout=60_000)
    require_no_violations(ada.page)
    picture(ada.page, "rescue-offered")
    with ada.page.expect_download() as download:
        button.click()
    file = tmp_path / "work.examwork"
    download.value.save_as(file)
    assert "Only on this computer" not in file.read_text()

    chief = sign_in_as_chief(browser, box)
    attempt_id = json.loads(file.read_text())["attempt_id"]
    for verdict in ("newer", "same"):
        chief.goto(f"{box.staff_origin}/candidates/{attempt_id}")
        chief.get_by_text("Take in work from a file").click()
        chief.get_by_label("File").set_input_files(file)
        chief.get_by_role("button", name="Take it in").click()
        expect(chief.locator(".tag", has_text=verdict)).to_be_visible()
        require_no_violations(chief)
        picture(chief, f"rescued-{verdict}")

    people = box.staff().read("/people")
    other = next(one for one in re.findall(r"/attempts/(\w+)/", people) if one != attempt_id)
    chief.goto(f"{box.staff_origin}/candidates/{other}")
    chief.get_by_text("Take in work from a file").click()
    chief.get_by_label("File").set_input_files(file)
    chief.get_by_role("button", name="Take it in").click()
    expect(chief.get_by_text("not of this candidate")).to_be_visible()
    ada.context.close()
    box.terminate()
    journal = box.journal()
    state = load_state(journal.database, journal.journal_id)
    value = state.responses[attempt_id, "ESSAY", "RESPONSE"].value
    assert "On the box. Only on this computer." == value


@pytest.mark.parametrize("opened_by", ["?workstation=desk0001&start=boot-1", "?seb"])
def test_browser_that_saves_no_files_says_that_the_work_is_kept(
    browser: Browser, box: BoxProcess, opened_by: str
) -> None:
    """Nobody is told that something was saved which was not; the line brings it."""
    ada = CandidatePage(browser, box)
    ada.page.goto(f"{box.origin}/{opened_by}")
    ada.enters_the_code()
    ada.is_checked_in_and_started()
    ada.goes_to_item(3)
    ada.sees_it_saved()
    ada.context.set_offline(True)
    ada.writes("Only on this computer.")
    expect(ada.page.get_by_text("It is kept here. Please leave the computer on")).to_be_visible(
        timeout=60_000
    )
    expect(ada.page.get_by_role("button", name="Save it to a file")).to_have_count(0)
    require_no_violations(ada.page)
    picture(ada.page, "work-kept")
    ada.context.set_offline(False)
    ada.sees_it_saved()
    expect(ada.page.get_by_text("It is kept here.")).to_be_hidden()
    ada.context.close()
