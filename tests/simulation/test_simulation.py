"""Many histories of one room; each must keep every promise.

By hand: `make simulate SEEDS=200` or `SEEDS=200 FIRST=1000`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.node_page import NODE, NodePage
from tests.simulation.play import Play

FAILED_ONCE = (2, 3, 4, 24, 34, 38, 41, 53, 55)
"""Every seed that ever failed because of the product, and not of the simulation itself."""

HARSH_FAILED_ONCE = (1037, 1065)
"""The same, of the harsh histories."""

COUNT = int(os.environ.get("EXAMROOM_SEEDS", "4"))
FIRST = int(os.environ.get("EXAMROOM_FIRST_SEED", "1000"))
SEEDS = range(FIRST, FIRST + COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*FAILED_ONCE, *SEEDS])
def test_promises_hold_whatever_happens(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults with the promises checked as they are made, then quiet, and everything converges."""
    Play(seed, tmp_path, monkeypatch).run()


@pytest.mark.slow
@pytest.mark.skipif(NODE is None, reason="no Node to run the page's own JavaScript under")
@pytest.mark.parametrize("seed", SEEDS)
def test_promises_hold_with_the_pages_own_javascript(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same histories, with line.js and other_boxes.js where the model of a page was."""
    play = Play(seed, tmp_path, monkeypatch, page=NodePage)
    try:
        play.run()
    finally:
        for page in play.pages:
            if isinstance(page, NodePage):
                page.end()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*HARSH_FAILED_ONCE, *SEEDS])
def test_promises_hold_when_boxes_and_computers_die(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where more of them never come back, and at the worst moment."""
    Play(seed, tmp_path, monkeypatch, is_harsh=True).run()
