"""The staff pages in a real browser: the whole day of an invigilator, looked over by axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_candidate import (
    AFTER_ONE_EXCHANGE_MS,
    CandidatePage,
    require_no_violations,
)
from tests.rig.box_process import CHIEF, CHIEF_PIN, BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.small_exam import small_exam

pytestmark = pytest.mark.browser

SCREEN = {"width": 1366, "height": 768}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[BoxProcess]:
    """Return a started box whose room is not open yet."""
    made = BoxProcess(
        tmp_path / "box", small_exam(), candidates=3, extra={1: "time-multiplier 1.5"}
    )
    made.start()
    yield made
    made.kill()


class InvigilatorPage:
    """What an invigilator does, in sentences."""

    def __init__(self, browser: Browser, box: BoxProcess) -> None:
        self.box = box
        self.context = browser.new_context(viewport=SCREEN, locale="en-GB")
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def signs_in(self) -> None:
        self.page.goto(self.box.staff_origin)
        require_no_violations(self.page)
        self.page.get_by_label("Your name").select_option(CHIEF)
        self.page.get_by_label("Your PIN").fill(CHIEF_PIN)
        self.page.get_by_role("button", name="Sign in").click()

    def reads_next(self, sentence: str) -> None:
        expect(self.page.locator(".next b")).to_contain_text(
            sentence, timeout=AFTER_ONE_EXCHANGE_MS
        )

    def sees_all_of_every_page(self) -> None:
        """Nothing lies beside the screen, on any page, in either language, from tablet to desk."""
        links = self.page.get_by_role("navigation").get_by_role("link")
        pages = [links.nth(at).get_attribute("href") for at in range(links.count())]
        assert "/room" in pages
        for language in ("sv", "en-GB"):
            self.context.set_extra_http_headers({"Accept-Language": language})
            for path in pages:
                self.page.goto(f"{self.box.staff_origin}{path}")
                for width in (1024, 1366, 1440, 1600, 1920):
                    self.page.set_viewport_size({"width": width, "height": 768})
                    needed = self.page.evaluate("document.documentElement.scrollWidth")
                    assert needed <= width, f"{path} ({language}) needs {needed} px of {width}"
        self.page.set_viewport_size(SCREEN)

    def opens_page(self, name: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def test_whole_day_of_an_invigilator(browser: Browser, box: BoxProcess) -> None:
    """From signing in to the signed report, led by the sentence that says what comes next."""
    staff = InvigilatorPage(browser, box)
    one = CandidatePage(browser, box)
    _opens_and_releases(staff, box)
    _checks_in_and_starts(staff, one)
    _helps_while_it_runs(staff, one)
    _ends_and_signs(staff, one)
    assert [] == staff.problems
    staff.context.close()
    one.context.close()


def _opens_and_releases(staff: InvigilatorPage, box: BoxProcess) -> None:
    page = staff.page
    staff.signs_in()
    staff.reads_next("Next: open the room")
    require_no_violations(page)
    page.get_by_role("button", name="Open the room").click()

    staff.reads_next("Next: enter the release code")
    page.locator("summary", has_text="Enter the release code").click()
    page.get_by_label("Release code").fill("0000-0000-0000-0000")
    page.get_by_role("button", name="Release the exam").click()
    expect(page.locator(".notice.trouble")).to_be_visible()
    page.locator("summary", has_text="Enter the release code").click()
    page.get_by_label("Release code").fill(box.release_code.lower())
    page.get_by_role("button", name="Release the exam").click()


def _checks_in_and_starts(staff: InvigilatorPage, one: CandidatePage) -> None:
    page = staff.page
    staff.reads_next("Next: check the candidates in")
    one.opens_the_address()
    one.enters_the_code()
    expect(one.page.get_by_text("The invigilator comes to you")).to_be_visible()
    page.get_by_role("link", name="Check people in").click()
    expect(page.get_by_text("waits to be checked in")).to_be_visible()
    require_no_violations(page)
    page.get_by_role("button", name="Seen, check in").first.click()
    staff.opens_page("Room")
    staff.reads_next("1 of 3 are checked in")
    page.get_by_role("button", name="Start the exam").click()
    staff.reads_next("One candidate is writing")
    expect(one.page.get_by_text("Item 1 of 4")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    one.goes_to_item(3)
    one.writes("Seen by the invigilator.")
    one.sees_it_saved()


def _helps_while_it_runs(staff: InvigilatorPage, one: CandidatePage) -> None:
    page = staff.page
    page.get_by_role("link", name="Candidate Number0").click()
    expect(page.get_by_role("heading", name="Candidate Number0")).to_be_visible()
    require_no_violations(page)
    page.locator("summary", has_text="Give time").click()
    page.get_by_label("Minutes", exact=True).fill("10")
    page.locator("#reason").fill("Late bus")
    page.get_by_role("button", name="Give time").click()
    expect(one.page.get_by_text("You have been given 10 more minutes.")).to_be_visible(
        timeout=AFTER_ONE_EXCHANGE_MS
    )
    staff.sees_all_of_every_page()
    staff.opens_page("Room")
    page.get_by_role("link", name="Candidate Number0").click()
    page.get_by_role("link", name="Responses and earlier versions").click()
    expect(page.get_by_text("Seen by the invigilator.")).to_be_visible()
    for words, count in (("SEEN BY", 1), ("nobody wrote this", 0)):
        page.get_by_label("Search all versions").fill(words)
        page.get_by_role("button", name="Search").click()
        expect(page.locator("tbody tr")).to_have_count(count)
    require_no_violations(page)

    one.page.get_by_role("button", name="Ask for help").click()
    staff.opens_page("Room")
    expect(page.locator(".seat.wait", has_text="asks for help")).to_be_visible()
    staff.opens_page("Messages")
    page.get_by_label("To everybody").fill("Ten minutes left.")
    page.get_by_role("button", name="Send").click()
    expect(one.page.get_by_text("Ten minutes left.")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    require_no_violations(page)
    staff.opens_page("Irregularities")
    page.get_by_label("What happened").fill("A loud noise from the street.")
    page.get_by_role("button", name="Write it down").click()
    require_no_violations(page)


def _ends_and_signs(staff: InvigilatorPage, one: CandidatePage) -> None:
    page = staff.page
    staff.opens_page("Room")
    page.locator("summary", has_text="More").click()
    page.get_by_label("Your PIN").fill("00000000")
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("Name and PIN do not fit together")).to_be_visible()
    page.locator("summary", has_text="More").click()
    page.get_by_label("Your PIN").fill(CHIEF_PIN)
    page.get_by_role("button", name="End now").click()
    staff.reads_next("All exams have ended")
    expect(one.page.get_by_role("heading", name="Your exam is handed in")).to_be_visible(
        timeout=AFTER_ONE_EXCHANGE_MS
    )
    page.get_by_role("link", name="Read the report").click()
    for words in ("Late bus", "A loud noise from the street.", "Ten minutes left."):
        expect(page.get_by_text(words).first).to_be_visible()
    require_no_violations(page)
    page.locator("summary", has_text="Sign and close the room").click()
    page.get_by_label("Your PIN").fill(CHIEF_PIN)
    page.get_by_role("button", name="Sign and close", exact=True).click()
    expect(page.get_by_text("The room is closed and its record signed")).to_be_visible()


def test_silent_seat_comes_on_top_and_says_what_to_do(browser: Browser, box: BoxProcess) -> None:
    """Trouble first: a computer that is gone is seen within half a minute."""
    driver = box.open_and_release()
    pages = [CandidatePage(browser, box) for _ in range(2)]
    for number, one in enumerate(pages):
        one.opens_the_address()
        one.enters_the_code(number)
        expect(one.page.get_by_text("The invigilator comes to you")).to_be_visible()
    driver.check_in_who_waits()
    driver.start("sitting-1")
    for one in pages:
        expect(one.page.get_by_text("Item 1 of 4")).to_be_visible(timeout=AFTER_ONE_EXCHANGE_MS)
    pages[1].context.close()

    staff = InvigilatorPage(browser, box)
    staff.signs_in()
    first = staff.page.locator(".seats .seat").first
    expect(first).to_contain_text("not heard from", timeout=45_000)
    expect(first).to_contain_text("Number1")
    first.click()
    expect(staff.page.get_by_text("move the candidate to a spare")).to_be_visible()
    _gives_lost_time_back(staff, box)
    staff.context.close()
    pages[0].context.close()


def _gives_lost_time_back(staff: InvigilatorPage, box: BoxProcess) -> None:
    """The list of lost time proposes it once the candidate is back, and takes a word."""
    page = staff.page
    for _ in range(10):
        # The room shows silence at once, the record a few seconds later.
        staff.opens_page("Lost time")
        if page.get_by_text("not back yet").is_visible():
            break
        page.wait_for_timeout(1500)
    expect(page.get_by_text("not back yet")).to_be_visible()
    elsewhere = CandidateClient(box.origin, box.codes[1], "elsewhere")
    elsewhere.sign_in()
    elsewhere.exchange()
    staff.opens_page("Lost time")
    expect(page.get_by_text("to decide")).to_be_visible()
    require_no_violations(page)
    page.get_by_label("Because").fill("The computer was dead.")
    page.get_by_role("button", name="Give it back").click()
    expect(page.get_by_text("given back (Chief: The computer was dead.)")).to_be_visible()
    staff.opens_page("Box")
    require_no_violations(page)
