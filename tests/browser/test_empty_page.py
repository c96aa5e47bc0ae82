"""A page of which nothing comes to be seen: it is loaded anew, and a kiosk can tell."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.test_candidate import CandidatePage
from tests.rig.box_process import BoxProcess

pytestmark = pytest.mark.browser

MINUTE_MS = 60_000


class Cut:
    """Lets nothing of a file through, and counts how often the page was opened."""

    def __init__(self, candidate: CandidatePage, file: str) -> None:
        self.pages = 0
        self._page = candidate.page
        self._pattern = f"**{file}"
        self._page.on("framenavigated", self._count)
        self._page.route(self._pattern, lambda route: route.abort())

    def mend(self) -> None:
        """Let it through."""
        self._page.unroute(self._pattern)

    def after(self, milliseconds: int) -> int:
        """Return how often the page has been opened when so much time has gone by."""
        self._page.clock.fast_forward(milliseconds)
        self._page.wait_for_timeout(1000)
        return self.pages

    def _count(self, _frame: object) -> None:
        self.pages += 1


@pytest.fixture
def candidate(browser: Browser, box: BoxProcess) -> CandidatePage:
    """Return a candidate whose browser's clock can be turned."""
    one = CandidatePage(browser, box)
    one.page.clock.install()
    return one


@pytest.mark.parametrize("file", ["/static/main.js", "/static/keeping.js"])
def test_page_that_came_in_part_is_loaded_anew(candidate: CandidatePage, file: str) -> None:
    """The box went away while it came; a minute later it is there."""
    cut = Cut(candidate, file)
    candidate.opens_the_address()
    # What the kiosk goes by: kiosk_client.one_page.
    assert "" == candidate.page.title()
    cut.mend()
    assert 2 == cut.after(MINUTE_MS)
    expect(candidate.page.get_by_label("Your code")).to_be_visible()
    assert "examroom" == candidate.page.title()
    candidate.context.close()


def test_page_whose_coming_was_stopped_is_loaded_anew(candidate: CandidatePage) -> None:
    """As Esc does it: what has not come by then never comes, and no word is said of it."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    candidate.page.route("**/static/keeping.js", hold)
    candidate.page.goto(candidate.box.origin, wait_until="commit")
    while not waiting:
        candidate.page.wait_for_timeout(100)
    candidate.page.evaluate("window.stop()")
    candidate.page.unroute("**/static/keeping.js")
    candidate.page.wait_for_timeout(2000)
    assert "" == candidate.page.title()
    candidate.page.clock.fast_forward(MINUTE_MS)
    expect(candidate.page.get_by_label("Your code")).to_be_visible()
    candidate.context.close()


def test_each_wait_is_longer_than_the_one_before(candidate: CandidatePage) -> None:
    """A computer that needs longer than a minute is not begun again for ever."""
    cut = Cut(candidate, "/static/main.js")
    candidate.opens_the_address()
    opened = [cut.after(MINUTE_MS) for _ in range(7)]
    assert [2, 2, 3, 3, 3, 3, 4] == opened
    candidate.context.close()


def test_page_that_has_come_is_left_alone(candidate: CandidatePage) -> None:
    """Whatever is in its fields stays."""
    cut = Cut(candidate, "/static/nothing.js")
    candidate.opens_the_address()
    field = candidate.page.get_by_label("Your code")
    field.fill("ABCD")
    assert 1 == cut.after(20 * MINUTE_MS)
    expect(field).to_have_value("ABCD")
    candidate.context.close()
