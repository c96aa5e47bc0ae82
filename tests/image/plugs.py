"""A play that measures: how long a box takes from power to serving, and that pulled plugs do not add up.

A security chip counts starts that no orderly end came before, and locks itself after a few:
docs/decisions/keys-under-the-disk.md.
"""

from __future__ import annotations

from tests.image.stage import Stage

PULLED = 6
"""Twice what the emulated chip forgives."""


def play_plugs(stage: Stage) -> None:
    """Power on, wait until it serves, pull the plug, again and again."""
    box = stage.boxes[0]
    for number in range(PULLED + 1):
        box.machine.start()
        seconds = box.wait_until_serving()
        stage.say(f"start {number + 1}: power to serving {seconds:.0f} s")
        box.machine.pull_the_plug()
