"""The candidate's page in a real browser that has Safe Exam Browser's JavaScript, played by us."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.test_candidate import AXE_TAGS, CandidatePage
from tests.browser.test_take_over import sign_in_as_chief
from tests.integration.test_safe_exam_browser import ask_for_seb, links
from tests.rig.box_process import BoxProcess
from tests.rig.seb_client import SebClient

pytestmark = pytest.mark.browser

# It comes late and knows its hashes only when asked: as seen on Windows, and on macOS.
SEB_JAVASCRIPT = """
const address = location.href.split("#")[0];
const hash = async () => {
  const data = new TextEncoder().encode(address + "KEY");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
};
setTimeout(() => {
  const security = { configKey: "", browserExamKey: "" };
  security.updateKeys = (then) => hash().then((made) => { security.configKey = made; then(); });
  window.SafeExamBrowser = { version: "SEB_iOS", security };
}, 300);
"""


def test_page_shows_what_safe_exam_browser_tells_it(browser: Browser, box: BoxProcess) -> None:
    """Sign-in, exam, a reload, hand-in; then the page goes where SEB ends."""
    seb = SebClient(links(ask_for_seb(box))[0])
    seb.open()
    ada = CandidatePage(browser, box)
    ada.page.add_init_script(SEB_JAVASCRIPT.replace("KEY", seb.session.key))
    ada.page.goto(seb.settings["startURL"])
    ada.enters_the_code()
    ada.is_checked_in_and_started()
    ada.goes_to_item(3)
    ada.writes("The lake is clear.")
    ada.page.reload()
    expect(ada.page.get_by_text("Item 3 of 4")).to_be_visible()
    assert "without the Safe Exam Browser" not in box.staff().read("/workstations/live")
    overview = ada.page.get_by_role("navigation")
    overview.get_by_role("button", name="Review and hand in").click()
    ada.page.get_by_role("button", name="Hand in", exact=True).click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Hand in").click()
    ada.page.get_by_role("button", name="Finish").click()
    ada.page.wait_for_url(seb.settings["quitURL"])
    assert [] == ada.problems


def test_ordinary_browser_is_told_in_a_sentence(browser: Browser, box: BoxProcess) -> None:
    """It says whom to ask, and the code stays where it was typed."""
    ask_for_seb(box)
    ada = CandidatePage(browser, box)
    ada.opens_the_address()
    ada.enters_the_code()
    expect(ada.page.get_by_role("alert")).to_contain_text("written in Safe Exam Browser")


def test_page_with_the_files_can_be_read_by_everybody(browser: Browser, box: BoxProcess) -> None:
    """Keyboard, contrast, names: WCAG 2.2 AA as far as a program can tell."""
    ask_for_seb(box)
    chief = sign_in_as_chief(browser, box)
    chief.goto(f"{box.staff_origin}/locked-browser")
    chief.get_by_text("For one seat each").click()
    expect(chief.get_by_text("Link of this seat").first).to_be_visible()
    assert [] == Axe().run(chief, options={"runOnly": AXE_TAGS["runOnly"]}).response["violations"]
