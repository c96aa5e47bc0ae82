"""A person at the centre, in a real browser: from the first sign-in to the slips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from sync.central.administrators import add_administrator
from sync.central.centre import Centre

from .conftest import AgentMaker
from .test_box_journals import ROSTER, STAFF, make_exam, write_exam

PASSWORD = "four random words here"

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    one = context.new_page()
    problems: list[str] = []
    one.on("pageerror", lambda error: problems.append(str(error)))
    one.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield one
    context.close()
    assert problems == []


def _check_accessible(page: Page) -> None:
    wanted = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=wanted).response["violations"]
    assert [(page.url, one["id"]) for one in found] == []


def _administrator_signs_in(page: Page, password: str) -> None:
    page.fill("input[name=name]", "anna")
    page.fill("input[name=password]", password)
    page.click("main button")


def _has_conduct_noted(page: Page) -> None:
    page.get_by_label("Have it noted how many keys").check()
    page.get_by_label("On what basis").fill("A rule of the school")


def test_administrator_plans_a_sitting_and_sees_its_results(
    page: Page, centre: Centre, agents: AgentMaker, tmp_path: Path
) -> None:
    """One-time password, own password, exam, sitting, sending, slips, results; all accessible."""
    (tmp_path / "exam.exam").write_bytes(make_exam())
    (tmp_path / "roster.csv").write_bytes(ROSTER)
    (tmp_path / "staff.csv").write_bytes(STAFF)
    one_time = add_administrator(centre, actor="t", name="anna", role="administrator")
    page.goto(agents.running.url)
    _check_accessible(page)
    _administrator_signs_in(page, one_time)
    _check_accessible(page)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=repeated]", PASSWORD)
    page.click("main button")
    _administrator_signs_in(page, PASSWORD)
    _check_accessible(page)

    page.click("nav >> text=Exams")
    page.set_input_files("input[name=exam]", tmp_path / "exam.exam")
    page.click("text=Add exam")
    _check_accessible(page)
    page.click("nav >> text=Sittings")
    page.click("text=New sitting")
    page.fill("input[name=room]", "A 1")
    page.set_input_files("input[name=roster]", tmp_path / "roster.csv")
    page.set_input_files("input[name=staff]", tmp_path / "staff.csv")
    _has_conduct_noted(page)
    _check_accessible(page)
    page.click("text=Store sitting")
    assert page.is_visible("text=noted: A rule of the school")
    page.click("text=Send to boxes")
    agents.agent().take_turn()
    page.reload()
    assert page.is_visible("text=Every box has everything, locked.")
    _check_accessible(page)
    address = page.url
    page.goto(address + "/slips")
    assert page.locator(".slip").count() == 3
    _check_accessible(page)

    write_exam(agents.journal, centre, address.rsplit("/", 1)[1])
    agents.agent().take_turn()
    page.goto(address + "/results")
    assert page.is_visible("text=Complete: every entry up to the seal is here and verified.")
    page.select_option("select[name=state]", "submitted")
    page.click("text=Show")
    assert page.locator("tbody").last.locator("tr").count() == 1
    assert "state=submitted" in page.url
    _check_accessible(page)
    for name in ("Boxes", "Conflicts", "People", "Record", "Rooms now"):
        page.click(f"nav >> text={name}")
        _check_accessible(page)
