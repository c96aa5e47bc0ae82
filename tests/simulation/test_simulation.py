"""Many histories of one room; each must keep every promise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.play import Play

FAILED_ONCE: tuple[int, ...] = ()
"""Every seed that ever failed."""

COUNT = int(os.environ.get("EXAMROOM_SEEDS", "12"))
FIRST = int(os.environ.get("EXAMROOM_FIRST_SEED", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*FAILED_ONCE, *range(FIRST, FIRST + COUNT)])
def test_promises_hold_whatever_happens(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults with the promises checked as they are made, then quiet, and everything converges."""
    Play(seed, tmp_path, monkeypatch).run()
