"""The candidate's page in a real browser: the whole way, and everything that goes wrong on it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from appliance.domain.exams import Exam, Item, Section, TestPart, Upload
from appliance.storage.attachments import Attachments
from appliance.storage.projections import load_state
from tests.browser.item_page import CHROMIUM
from tests.rig.box_process import SITTING, BoxProcess

pytestmark = pytest.mark.browser

AXE_TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
AFTER_ONE_EXCHANGE_MS = 12_000
SCREEN: ViewportSize = {"width": 1366, "height": 768}

COUNT_UNSENT = """
() => new Promise((resolve) => {
  const request = indexedDB.open("examroom");
  request.onsuccess = () => {
    const database = request.result;
    if (!database.objectStoreNames.contains("changes")) { resolve(0); return; }
    const both = database.transaction(["changes", "uploads"]);
    const changes = both.objectStore("changes").count();
    const uploads = both.objectStore("uploads").count();
    both.oncomplete = () => { database.close(); resolve(changes.result + uploads.result); };
  };
})
"""


class CandidatePage:
    """What a candidate does, in sentences."""

    def __init__(self, browser: Browser, box: BoxProcess, profile: Path | None = None) -> None:
        self.box = box
        self.context: BrowserContext = (
            browser.new_context(viewport=SCREEN, locale="en-GB")
            if profile is None
            else browser.browser_type.launch_persistent_context(
                profile,
                executable_path=str(CHROMIUM),
                args=["--no-sandbox"],
                viewport=SCREEN,
                locale="en-GB",
            )
        )
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))

    def opens_the_address(self) -> None:
        self.page.goto(self.box.origin)

    def enters_the_code(self, number: int = 0) -> None:
        self.page.get_by_label("Your code").fill(self.box.codes[number])
        self.page.get_by_role("button", name="Continue").click()

    def is_checked_in_and_started(self, items: int = 4) -> None:
        expect(self.page.get_by_text("The invigilator comes to you")).to_be_visible()
        staff = self.box.staff()
        staff.check_in_who_waits()
        staff.start(SITTING)
        expect(self.page.get_by_text(f"Item 1 of {items}")).to_be_visible(
            timeout=AFTER_ONE_EXCHANGE_MS
        )

    def goes_to_item(self, number: int) -> None:
        self.page.locator(".overview li button").nth(number - 1).click()

    def writes(self, text: str) -> None:
        self.page.locator("#item-place textarea").press_sequentially(text, delay=5)

    def sees_it_saved(self) -> None:
        """Wait until nothing is unsent, and the status line says so."""
        for _ in range(60):
            # Longer than the pause after a keystroke, so that what was typed is on its way.
            self.page.wait_for_timeout(700)
            if self.page.evaluate(COUNT_UNSENT) == 0:
                break
        expect(self.page.locator(".status[data-state=safe]")).to_be_visible()

    def text(self) -> str:
        return self.page.locator("#item-place textarea").input_value()


@pytest.fixture
def candidate(browser: Browser, box: BoxProcess) -> Iterator[CandidatePage]:
    """Return a candidate who has begun to write."""
    one = CandidatePage(browser, box)
    one.opens_the_address()
    one.enters_the_code()
    one.is_checked_in_and_started()
    yield one
    assert [] == one.problems
    one.context.close()


def saved_value(box: BoxProcess, item_id: str) -> object:
    """Return what the stopped box has for an item of its only attempt."""
    journal = box.journal()
    state = load_state(journal.database, journal.journal_id)
    found = [one.value for key, one in state.responses.items() if key[1] == item_id]
    journal.database.close()
    return found[0] if found else None


def require_no_violations(page: Page) -> None:
    """Fail with axe's own words unless it finds nothing."""
    page.wait_for_load_state("load")
    results = Axe().run(page, options=AXE_TAGS)
    assert results.violations_count == 0, results.generate_report()


def test_candidate_writes_and_hands_in_when_all_is_well(candidate: CandidatePage) -> None:
    """From the code on the slip to the receipt; axe finds nothing on any screen."""
    page = candidate.page
    require_no_violations(page)
    page.get_by_label("Option B").check()
    candidate.goes_to_item(3)
    candidate.writes("Lakes turn over in spring.")
    candidate.sees_it_saved()
    page.get_by_role("button", name="Come back later").click()
    require_no_violations(page)

    page.get_by_role("navigation").get_by_role("button", name="Review and hand in").click()
    expect(page.get_by_text("You have responded to 2 of 4 items.")).to_be_visible()
    require_no_violations(page)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Hand in").click()

    expect(page.get_by_role("heading", name="Your exam is handed in")).to_be_visible(
        timeout=AFTER_ONE_EXCHANGE_MS
    )
    expect(page.locator(".receipt-code")).not_to_be_empty()
    require_no_violations(page)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="You are done")).to_be_visible()
    assert 0 == page.evaluate(COUNT_UNSENT)
    candidate.box.terminate()
    assert "B" == saved_value(candidate.box, "CHOICE")
    assert "Lakes turn over in spring." == saved_value(candidate.box, "ESSAY")


def test_offline_candidate_goes_on_writing_when_the_box_is_gone(
    candidate: CandidatePage,
) -> None:
    """Navigation and a reload work without the box, and everything is delivered afterwards."""
    page, box = candidate.page, candidate.box
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    candidate.goes_to_item(3)
    candidate.writes("Before the power cut. ")
    candidate.sees_it_saved()

    box.kill()
    candidate.writes("While the box is away. ")
    candidate.goes_to_item(4)
    candidate.writes("A letter without a box.")
    expect(page.locator(".status[data-state=wait]")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    page.reload()
    expect(page.get_by_text("Item 4 of 4")).to_be_visible()
    assert "A letter without a box." == candidate.text()
    candidate.goes_to_item(3)
    candidate.writes("And after a reload.")
    page.wait_for_timeout(500)

    box.start()
    candidate.sees_it_saved()
    box.terminate()
    assert "Before the power cut. While the box is away. And after a reload." == saved_value(
        box, "ESSAY"
    )
    assert "A letter without a box." == saved_value(box, "LETTER")


def test_offline_typing_survives_when_the_browser_is_killed(
    browser: Browser, box: BoxProcess, tmp_path: Path
) -> None:
    """What was typed more than two seconds ago is there after the browser was killed offline."""
    profile = tmp_path / "profile"
    first = CandidatePage(browser, box, profile=profile)
    first.opens_the_address()
    first.enters_the_code()
    first.is_checked_in_and_started()
    first.page.wait_for_function("navigator.serviceWorker.controller !== null")
    first.goes_to_item(3)
    box.kill()
    first.writes("Typed into the dark.")
    first.page.wait_for_timeout(2000)
    kill_browser(profile)

    again = CandidatePage(browser, box, profile=profile)
    again.opens_the_address()
    expect(again.page.get_by_text("Item 3 of 4")).to_be_visible()
    assert "Typed into the dark." == again.text()
    box.start()
    # A killed browser may have forgotten the cookie; the code brings the writer back.
    form = again.page.locator("form.message")
    form.or_(again.page.locator(".status[data-state=safe]")).first.wait_for(timeout=40_000)
    if form.count():
        form.get_by_label("Your code").fill(box.codes[0])
        form.get_by_role("button").click()
    again.sees_it_saved()
    again.context.close()
    box.terminate()
    assert "Typed into the dark." == saved_value(box, "ESSAY")


def kill_browser(profile: Path) -> None:
    """Kill every process of the browser that uses this profile, at once."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"--user-data-dir={profile}".encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


def test_candidate_moves_to_another_computer_when_the_invigilator_allows(
    browser: Browser, candidate: CandidatePage
) -> None:
    """Everything comes along; the old computer is locked and says so."""
    candidate.goes_to_item(3)
    candidate.writes("Written at the first computer.")
    candidate.sees_it_saved()
    second = CandidatePage(browser, candidate.box)
    second.opens_the_address()
    second.enters_the_code()
    expect(second.page.get_by_role("heading", name="Moving to this computer")).to_be_visible()

    staff = candidate.box.staff()
    attempt = candidate.page.evaluate("fetch('/api/v1/me').then(r => r.json())")["attempt_id"]
    staff._post("/room", f"/attempts/{attempt}/move", decision="allow")

    expect(second.page.get_by_text("of 4")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    second.goes_to_item(3)
    assert "Written at the first computer." == second.text()
    expect(
        candidate.page.get_by_role("heading", name="You are writing on another computer")
    ).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    second.context.close()


def test_candidate_loses_nothing_when_the_cookie_ends_in_the_middle(
    candidate: CandidatePage,
) -> None:
    """The page asks for the code beside the exam; what was typed meanwhile is delivered."""
    page = candidate.page
    candidate.goes_to_item(3)
    candidate.writes("Before. ")
    candidate.sees_it_saved()
    candidate.context.clear_cookies()
    candidate.writes("Without a cookie.")
    form = page.locator("form.message")
    expect(form).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    assert "Before. Without a cookie." == candidate.text()
    form.get_by_label("Your code").fill(candidate.box.codes[0])
    form.get_by_role("button").click()
    candidate.sees_it_saved()
    candidate.box.terminate()
    assert "Before. Without a cookie." == saved_value(candidate.box, "ESSAY")


def test_candidate_sees_the_pause_when_the_invigilator_stops_the_clocks(
    candidate: CandidatePage,
) -> None:
    """The page locks, says why, and goes on when the room does."""
    staff = candidate.box.staff()
    staff._post("/room", f"/sittings/{SITTING}/pause", reason="Fire drill")
    dialog = candidate.page.get_by_role("dialog")
    expect(dialog.get_by_text("The exam is paused")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    staff._post("/room", f"/sittings/{SITTING}/resume")
    expect(dialog).not_to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)


def test_file_is_uploaded_beside_the_changes(browser: Browser, tmp_path: Path) -> None:
    """A file chosen while the box is away reaches it, whole, before the hand-in."""
    item = Item(
        item_id="FILE",
        title="A file",
        label="1",
        language="en",
        body_html='<div data-interaction="RESPONSE"></div>',
        interactions=(Upload(response_id="RESPONSE", prompt_html="Hand in a drawing."),),
    )
    part = TestPart(
        part_id="P", title="", sections=(Section(section_id="S", title="", items=(item,)),)
    )
    exam = Exam(exam_id="files", title="Files", languages=("en",), parts=(part,))
    box = BoxProcess(tmp_path / "box", exam, candidates=1)
    box.start()
    box.open_and_release()
    one = CandidatePage(browser, box)
    one.opens_the_address()
    one.enters_the_code()
    one.is_checked_in_and_started(items=1)
    data = bytes(range(256)) * 4000
    box.kill()
    chosen = {"name": "lake.png", "mimeType": "image/png", "buffer": data}
    one.page.locator("input[type=file]").set_input_files(chosen)
    one.page.wait_for_timeout(1000)
    box.start()
    one.sees_it_saved()
    expect(one.page.get_by_text("lake.png")).to_be_visible()
    one.context.close()
    box.terminate()
    info = box.journal_info()
    attachments = Attachments(info.path, info.key)
    saved = saved_value(box, "FILE")
    assert isinstance(saved, dict)
    assert data == attachments.get(saved["sha256"])
    attachments.close()
