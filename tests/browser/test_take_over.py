"""A box dies while somebody writes; a person takes over on the standby's page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from appliance.storage.projections import load_state
from tests.browser.test_candidate import AFTER_ONE_EXCHANGE_MS, AXE_TAGS, SCREEN, CandidatePage
from tests.rig.box_process import CHIEF, CHIEF_PIN, BoxProcess
from tests.rig.small_exam import small_exam

pytestmark = pytest.mark.browser

AFTER_RETRIES_MS = 30_000
PICTURES = os.environ.get("EXAMROOM_PICTURES", "")


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[BoxProcess, BoxProcess]]:
    """A box, open and released, and a standby that follows it."""
    box = BoxProcess(tmp_path / "box", small_exam(), candidates=2, standby_count=1)
    box.start()
    box.open_and_release()
    standby = box.standby()
    standby.start()
    yield box, standby
    for one in (box, standby):
        one.thaw()
        one.kill()


def picture(page: Page, name: str) -> None:
    """Keep a picture to be looked at, when a folder for them is named."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def sign_in_as_chief(browser: Browser, box: BoxProcess) -> Page:
    """Open the staff pages of a box."""
    page = browser.new_context(viewport=SCREEN, locale="en-GB").new_page()
    page.goto(box.staff_origin)
    page.get_by_label("Name").select_option(CHIEF)
    page.get_by_label("PIN").fill(CHIEF_PIN)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_candidate_goes_on_by_themselves_when_the_standby_takes_over(
    browser: Browser, boxes: tuple[BoxProcess, BoxProcess]
) -> None:
    """In two places; the box dies; two taps; the page goes on, reloads, and hands in."""
    box, standby = boxes
    ada = CandidatePage(browser, box)
    ada.opens_the_address()
    ada.enters_the_code()
    ada.is_checked_in_and_started()
    ada.goes_to_item(3)
    ada.writes("The lake is clear.")
    expect(ada.page.get_by_text("two places")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    picture(ada.page, "in-two-places")
    chief = sign_in_as_chief(browser, standby)
    expect(chief.get_by_text("Everything that the other box has saved is here")).to_be_visible()
    picture(chief, "standby-follows")
    box.kill()
    ada.writes(" It was written without any box.")
    expect(chief.get_by_text("has not been heard from")).to_be_visible(timeout=20_000)
    picture(chief, "standby-silent")
    assert [] == Axe().run(chief, options={"runOnly": AXE_TAGS["runOnly"]}).response["violations"]
    chief.get_by_text("Take over the room").click()
    picture(chief, "standby-asks")
    chief.get_by_role("button", name="Take over now").click()
    expect(chief.get_by_text("This box leads the room now")).to_be_visible()
    picture(chief, "taken-over")
    ada.page.reload()
    ada.goes_to_item(4)
    ada.writes("Dear reader")
    expect(ada.page.locator(".status[data-state=safe]")).to_be_visible(timeout=30_000)
    picture(ada.page, "followed")
    page = ada.page
    page.get_by_role("navigation").get_by_role("button", name="Review and hand in").click()
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    done = page.get_by_role("heading", name="Your exam is handed in")
    expect(done).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    picture(page, "handed-in")
    assert [] == ada.problems
    standby.terminate()
    journal = standby.journal()
    state = load_state(journal.database, journal.journal_id)
    values = {key[1]: one.value for key, one in state.responses.items()}
    assert "The lake is clear. It was written without any box." == values["ESSAY"]
    assert "Dear reader" == values["LETTER"]
    journal.database.close()


def test_page_waits_while_a_spare_has_its_box_s_address_and_not_yet_the_room(
    browser: Browser, tmp_path: Path
) -> None:
    """A spare that is just starting knows nobody; nobody has to give a code again for that."""
    box = BoxProcess(tmp_path / "box", small_exam(), candidates=1, standby_count=1)
    box.start()
    box.open_and_release()
    spare = replace(box.standby(), candidate_port=box.candidate_port, standby_of="")
    one = CandidatePage(browser, box)
    try:
        one.opens_the_address()
        one.enters_the_code()
        one.is_checked_in_and_started()
        one.goes_to_item(3)
        one.sees_it_saved()
        box.kill()
        spare.start()
        one.writes("Written between two boxes.")
        closed = one.page.get_by_role("status").filter(has_text="The room is not open now")
        expect(closed).to_be_attached(timeout=AFTER_RETRIES_MS)
        expect(one.page.get_by_text("enter your code again")).to_have_count(0)
        spare.kill()
        box.start()
        one.sees_it_saved()
    finally:
        one.context.close()
        spare.kill()
        box.kill()
