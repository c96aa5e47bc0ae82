"""A play that measures from power to serving, and shows that pulled plugs do not add up.

A security chip counts the starts that no orderly end came before, and locks itself after a few:
docs/decisions/keys-under-the-disk.md.
"""

from __future__ import annotations

from tests.image.staff import wait_until_serving
from tests.image.stage import START_SECONDS, Stage

PULLED = 6
"""Twice what the emulated chip forgives."""


def play_plugs(stage: Stage) -> None:
    """Power on, wait until it serves, pull the plug, again and again."""
    box = stage.boxes[0]
    for number in range(PULLED + 1):
        box.machine.start()
        # Nobody has enrolled it: its certificate is of its own making.
        seconds = wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
        stage.say(f"start {number + 1}: power to serving {seconds:.0f} s")
        box.machine.pull_the_plug()
