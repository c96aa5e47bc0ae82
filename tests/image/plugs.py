"""A play that measures from power to serving, and shows that pulled plugs do not add up.

A bare Debian is started before and after: what the machine of the test itself does to the figures.

A security chip counts the starts that no orderly end came before, and locks itself after a few:
docs/decisions/keys-under-the-disk.md.
"""

from __future__ import annotations

from statistics import mean, median

from tests.image.bare_debian import bare_debian, wait_until_answering
from tests.image.machine import Machine
from tests.image.staff import wait_until_serving
from tests.image.stage import START_SECONDS, Stage

PULLED = 6
"""Twice what the emulated chip forgives."""


def play_plugs(stage: Stage) -> None:
    """Power on, wait until it serves, pull the plug, again and again."""
    box = stage.boxes[0]
    bare = bare_debian(stage.work.parent.parent / "bare-debian", stage.work)
    beside = [_start_bare(stage, bare)]
    figures = []
    for number in range(PULLED + 1):
        box.machine.start()
        # Nobody has enrolled it: its certificate is of its own making.
        seconds = wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
        stage.say(f"start {number + 1}: power to serving {seconds:.0f} s")
        figures.append(seconds)
        box.machine.pull_the_plug()
    beside.append(_start_bare(stage, bare))
    ratio = median(figures) / mean(beside)
    stage.say(f"a start takes {ratio:.1f} times what a bare Debian takes on this machine")


def _start_bare(stage: Stage, bare: Machine) -> float:
    try:
        bare.start()
        seconds = wait_until_answering(seconds=START_SECONDS)
    finally:
        bare.pull_the_plug()
    stage.say(f"a bare Debian 13: power to its first answer {seconds:.0f} s")
    return seconds
