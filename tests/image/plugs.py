"""A play that measures from power to serving, and shows that pulled plugs do not add up.

A security chip counts the starts that no orderly end came before, and locks itself after a few:
docs/decisions/keys-under-the-disk.md.
"""

from __future__ import annotations

import time

from tests.image.staff import answers, session_with
from tests.image.stage import START_SECONDS, Box, Stage

PULLED = 6
"""Twice what the emulated chip forgives."""


def play_plugs(stage: Stage) -> None:
    """Power on, wait until it serves, pull the plug, again and again."""
    box = stage.boxes[0]
    for number in range(PULLED + 1):
        box.machine.start()
        stage.say(f"start {number + 1}: power to serving {_seconds_to_serving(box):.0f} s")
        box.machine.pull_the_plug()


def _seconds_to_serving(box: Box) -> float:
    # Nobody has enrolled it: its certificate is of its own making.
    session = session_with(box.name, authority=None)
    started = time.monotonic()
    while not answers(session, box.port):
        if time.monotonic() - started > START_SECONDS:
            raise TimeoutError(f"{box.name} did not serve within {START_SECONDS} s")
        time.sleep(0.5)
    return time.monotonic() - started
