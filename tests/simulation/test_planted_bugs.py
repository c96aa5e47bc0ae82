"""The simulation is proved by what it finds: each planted bug must break its own promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.box_machine import SimWriter
from tests.simulation.planted import PAGES, PATCHES, WRITERS
from tests.simulation.play import Play
from tests.simulation.promises import PromiseBroken
from tests.simulation.workstation import Workstation

SEEDS = tuple(dict.fromkeys((205, 113, 114, 105, 247, *range(100, 130))))

FOUND_BY = {
    "no fencing": ("boxes lead", "both acknowledge"),
    "epochs counted by one": ("both acknowledge in epoch",),
    "dedupe by content": ("is not what was written last", "is nowhere"),
    "lost tail": ("is nowhere",),
    "asked is held": ("in two places",),
    "marked sent before acknowledged": ("changes, the box has", "is nowhere"),
    "forgotten when one box has it": ("is nowhere",),
    "acknowledged before commit": ("forgot", "is nowhere", "changes, the box has"),
    "time by wall clock": ("ms of the",),
}
"""Bug by bug, what the broken promise says."""


@pytest.mark.slow
@pytest.mark.parametrize("bug", FOUND_BY)
def test_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    """One of a few harsh histories breaks the promise; without the bug all of them keep it."""
    said = []
    for seed in SEEDS:
        with pytest.MonkeyPatch.context() as patch:
            if bug in PATCHES:
                PATCHES[bug](patch)
            play = Play(
                seed,
                tmp_path / str(seed),
                patch,
                page=PAGES.get(bug, Workstation),
                writer=WRITERS.get(bug, SimWriter),
                is_harsh=True,
            )
            try:
                play.run()
            except PromiseBroken as found:
                said.append(str(found).splitlines()[0])
                if any(words in said[-1] for words in FOUND_BY[bug]):
                    return
    pytest.fail(f"{len(SEEDS)} seeds did not notice: {bug}; they said {said}")
