"""What candidates are told, in a real browser, when their exam has conduct noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_candidate import (
    AFTER_ONE_EXCHANGE_MS,
    CandidatePage,
    require_no_violations,
)
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.small_exam import small_exam

pytestmark = pytest.mark.browser

BASIS = "Section 7 of the rules of the school"
TITLE = "What is noted in this exam"
MakePage = Callable[..., CandidatePage]


@pytest.fixture
def make_page(browser: Browser, tmp_path: Path) -> Iterator[MakePage]:
    """Open the page of a candidate at a box of their own, whose room is open."""
    made: list[CandidatePage] = []

    def make(basis: str) -> CandidatePage:
        box = BoxProcess(tmp_path / f"box-{len(made)}", small_exam(), 1, conduct_basis=basis)
        box.start()
        box.open_and_release()
        made.append(CandidatePage(browser, box))
        made[-1].opens_the_address()
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        one.box.kill()
        assert [] == one.problems


def test_candidate_reads_what_is_noted_and_on_what_basis_while_waiting(
    make_page: MakePage,
) -> None:
    """Before the exam begins, and once more as its first page, from where it can be found again."""
    candidate = make_page(BASIS)
    candidate.enters_the_code()
    page = candidate.page
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.get_by_text("a number, never which key and never what you write")).to_be_visible()
    expect(page.get_by_text(f"Why: {BASIS}")).to_be_visible()
    require_no_violations(page)
    staff = candidate.box.staff()
    staff.check_in_who_waits()
    staff.start(SITTING)
    expect(page.get_by_role("heading", name="Instructions")).to_be_visible(
        timeout=AFTER_ONE_EXCHANGE_MS
    )
    expect(page.get_by_text(f"Why: {BASIS}")).to_be_visible()
    require_no_violations(page)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Item 1 of 4")).to_be_visible()
    expect(page.get_by_text(f"Why: {BASIS}")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Item 1 of 4")).to_be_visible()
    page.get_by_role("button", name="Instructions").click()
    expect(page.get_by_text(f"Why: {BASIS}")).to_be_visible()


def test_candidate_who_comes_after_the_start_reads_it_first(make_page: MakePage) -> None:
    """Checked in before signing in, so there is nothing to wait for."""
    candidate = make_page(BASIS)
    staff = candidate.box.staff()
    (check_in,) = set(re.findall(r"/attempts/[0-9a-z]+/check-in", staff._get("/people")))
    staff._post("/people", check_in, seat="1")
    staff.start(SITTING)
    candidate.enters_the_code()
    expect(candidate.page.get_by_role("heading", name="Instructions")).to_be_visible()
    expect(candidate.page.get_by_text(f"Why: {BASIS}")).to_be_visible()
    expect(candidate.page.get_by_text("Item 1 of 4")).to_have_count(0)


def test_candidate_reads_nothing_of_it_where_nothing_is_noted(make_page: MakePage) -> None:
    """Nobody is made uneasy about what does not happen."""
    candidate = make_page("")
    candidate.enters_the_code()
    expect(candidate.page.get_by_text("The invigilator comes to you")).to_be_visible()
    expect(candidate.page.get_by_text(TITLE)).to_have_count(0)
    candidate.is_checked_in_and_started()
    expect(candidate.page.get_by_text(TITLE)).to_have_count(0)
    expect(candidate.page.get_by_role("button", name="Instructions")).to_have_count(0)
