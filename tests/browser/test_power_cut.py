"""A computer that loses its power while the box is away, and is started again with its profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_candidate import CandidatePage, kill_browser, saved_value
from tests.rig.box_process import BoxProcess

pytestmark = pytest.mark.browser

HOLD_THE_DISK = """
async () => {
  const { put } = IDBObjectStore.prototype;
  window.puts = 0;
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === "changes") window.puts += 1;
    return put.apply(this, given);
  };
  const open = indexedDB.open("examroom");
  const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
  const store = database.transaction("changes", "readwrite").objectStore("changes");
  const until = performance.now() + 3000;
  const again = () => performance.now() < until && (store.get(["", 0]).onsuccess = again);
  again();
}
"""
"""Nothing is written for three seconds, as on a slow stick; and what is, is counted."""
WRITTEN = "Typed into the dark."
SOON_MS = 40_000


@pytest.fixture
def again(browser: Browser, box: BoxProcess, tmp_path: Path) -> Iterator[CandidatePage]:
    """The first page after a power cut, during which the box was out of reach, and now is back."""
    profile = tmp_path / "profile"
    first = CandidatePage(browser, box, profile=profile)
    first.page.goto(f"{box.origin}/?workstation=desk0001&start=boot-1")
    first.enters_the_code()
    first.is_checked_in_and_started()
    first.page.wait_for_function("navigator.serviceWorker.controller !== null")
    first.goes_to_item(3)
    box.kill()
    first.writes(WRITTEN)
    first.page.wait_for_timeout(2000)
    kill_browser(profile)
    box.start()
    one = CandidatePage(browser, box, profile=profile)
    one.page.goto(f"{box.origin}/?workstation=desk0001&start=boot-2")
    yield one
    assert [] == one.problems
    one.context.close()


def test_typing_survives_when_the_computer_loses_its_power(
    again: CandidatePage, box: BoxProcess
) -> None:
    """The code is asked for, kindly, and nobody has to approve; the candidate writes on."""
    expect(again.page.get_by_text("Everything you wrote is still here")).to_be_visible(
        timeout=SOON_MS
    )
    again.enters_the_code()
    expect(again.page.get_by_text("Item 3 of 4")).to_be_visible(timeout=SOON_MS)
    assert WRITTEN == again.text()
    again.writes(" And on.")
    again.sees_it_saved()
    box.terminate()
    assert f"{WRITTEN} And on." == saved_value(box, "ESSAY")


def test_work_of_the_one_before_is_sent_when_somebody_else_sits_there(
    again: CandidatePage, box: BoxProcess
) -> None:
    """It is sent by itself, and whoever gives a code next sees their own exam only."""
    expect(again.page.get_by_label("Your code")).to_be_visible(timeout=SOON_MS)
    expect(again.page.locator(".rescue")).to_have_count(0, timeout=SOON_MS)
    again.enters_the_code(1)
    expect(again.page.get_by_text("The invigilator comes to you")).to_be_visible()
    box.staff().check_in_who_waits()
    expect(again.page.get_by_text("of 4")).to_be_visible(timeout=SOON_MS)
    again.goes_to_item(3)
    assert "" == again.text()
    box.terminate()
    assert WRITTEN == saved_value(box, "ESSAY")


def test_page_is_nobodys_after_a_start_even_when_the_box_is_away(
    again: CandidatePage, box: BoxProcess
) -> None:
    """What is kept is not shown to whoever sits there; a reload changes nothing about that."""
    expect(again.page.get_by_label("Your code")).to_be_visible(timeout=SOON_MS)
    box.kill()
    again.page.reload()
    expect(again.page.get_by_role("heading").first).to_be_visible(timeout=SOON_MS)
    again.page.wait_for_timeout(3000)
    expect(again.page.get_by_text("of 4")).to_have_count(0)
    assert again.page.get_by_text(WRITTEN).count() == 0


def test_slow_stick_does_not_hold_up_what_is_sent(browser: Browser, box: BoxProcess) -> None:
    """Of keystrokes that wait for the disk only the newest is written, and then sent."""
    one = CandidatePage(browser, box)
    one.opens_the_address()
    one.enters_the_code()
    one.is_checked_in_and_started()
    one.goes_to_item(3)
    one.sees_it_saved()
    one.page.evaluate(HOLD_THE_DISK)
    one.writes("Thirty keystrokes and some more.")
    one.sees_it_saved()
    assert one.page.evaluate("window.puts") < 10
    one.context.close()
    box.terminate()
    assert "Thirty keystrokes and some more." == saved_value(box, "ESSAY")
