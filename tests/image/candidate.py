"""The candidate of the plays: keyboard and screen of the client."""

from __future__ import annotations

import contextlib
import re
import string
import time
from collections.abc import Sequence
from typing import Any

from tests.image.staff import Invigilator
from tests.image.stage import START_SECONDS, STEP_SECONDS, Stage

PAGE_SECONDS = 30
"""Until a page is drawn after the program around the browser has reported, or started it anew."""
SIGN_IN_SECONDS = 10
DIALOG_SECONDS = 5
WAYS_OUT: tuple[tuple[str, ...], ...] = (
    ("ctrl", "alt", "f2"),
    ("alt", "f4"),
    ("ctrl", "w"),
    ("ctrl", "shift", "w"),
    ("ctrl", "n"),
    ("ctrl", "shift", "n"),
    ("ctrl", "t"),
    ("ctrl", "o"),
    ("ctrl", "s"),
    ("ctrl", "p"),
    ("ctrl", "u"),
    ("f12",),
    ("ctrl", "shift", "i"),
    ("ctrl", "l"),
    ("alt", "f"),
    ("f11",),
    ("ctrl", "h"),
    ("ctrl", "j"),
    ("shift", "esc"),
    ("meta_l",),
    ("alt", "tab"),
    ("ctrl", "alt", "delete"),
    ("ctrl", "alt", "backspace"),
    ("alt", "sysrq", "b"),
    ("alt", "left"),
    ("alt", "home"),
    ("ctrl", "shift", "delete"),
    ("f1",),
)
DIALOGS = (("ctrl", "o"), ("ctrl", "s"), ("ctrl", "p"))
"""What they open shows files or prints, and Esc would close it before anybody has seen it."""
LETTERS = string.ascii_lowercase + string.digits
"""One is written after each way out."""
ATTEMPT = r'href="/room\?seat=([0-9a-z]+)"'
WORKSTATION = r'action="(/workstations/[^"/]+)/release"'
CODE_FIELD = (580, 400)
"""Inside the field with and without a sentence below it, which moves it up."""
RESPONSE_FIELD = (740, 340)
REVIEW_BUTTON = (1083, 630)
HAND_IN_BUTTON = (1126, 289)
SURE_BUTTON = (801, 442)


def sign_in(stage: Stage, plan: dict[str, Any], invigilator: Invigilator) -> str:
    """Sign the candidate in at the client's keyboard and start; return the attempt."""
    # "kiosk" and a time: the client's program reports, and its browser is on the way.
    invigilator.wait_for("/workstations", WORKSTATION, seconds=START_SECONDS)
    deadline = time.monotonic() + START_SECONDS
    while not invigilator.check_in_who_waits():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody signed in at the client")
        time.sleep(PAGE_SECONDS)
        stage.client.look("1-sign-in")
        stage.client.click(*CODE_FIELD)
        stage.client.press("ctrl", "a")
        stage.client.type(plan["candidates"][0]["code"].lower())
        stage.client.press("ret")
        time.sleep(SIGN_IN_SECONDS)
    stage.client.look("2-waiting")
    invigilator.start(plan["sitting_id"])
    found = invigilator.wait_for("/people", ATTEMPT, seconds=STEP_SECONDS)
    time.sleep(SIGN_IN_SECONDS)
    stage.say("the candidate is signed in at the client, checked in, and writes")
    return found.group(1)


def type_on(stage: Stage, text: str) -> None:
    """Type at the end of the response."""
    stage.client.click(*RESPONSE_FIELD)
    stage.client.press("ctrl", "end")
    stage.client.type(text)


def write(stage: Stage, invigilator: Invigilator, attempt: str, text: str) -> None:
    """Type into the response, and wait until the box shows it to staff."""
    type_on(stage, text)
    try:
        invigilator.wait_for(
            f"/candidates/{attempt}", re.escape(text.strip()), seconds=STEP_SECONDS
        )
    except TimeoutError:
        stage.client.look("stuck-in-writing")
        raise
    stage.say(f"the box has {text.strip()!r}")


def written_after(ways: Sequence[tuple[str, ...]]) -> str:
    """Return the pattern of what such tries leave: a letter may have to be typed more than once."""
    return "".join(f"{letter}+" for _, letter in zip(ways, LETTERS, strict=False))


def try_to_leave(
    stage: Stage,
    invigilator: Invigilator,
    attempt: str,
    before: str,
    ways: Sequence[tuple[str, ...]] = WAYS_OUT,
) -> None:
    """Press whatever leads out of a browser or a system; after each the candidate writes on."""
    expected = before
    for keys, letter in zip(ways, LETTERS, strict=False):
        stage.client.press(*keys)
        expected += f"{letter}+"
        with_escape = keys not in DIALOGS
        if not with_escape:
            time.sleep(DIALOG_SECONDS)
            stage.client.look(f"after-{'-'.join(keys)}")
        if not _goes_on(stage, invigilator, attempt, letter, expected, with_escape=with_escape):
            stage.client.look(f"stuck-after-{'-'.join(keys)}")
            raise RuntimeError(f"{'+'.join(keys)} led away from the exam")
    stage.client.look("3-after-the-ways-out")
    stage.say(f"{len(ways)} ways out led nowhere")


def _goes_on(
    stage: Stage,
    invigilator: Invigilator,
    attempt: str,
    letter: str,
    expected: str,
    *,
    with_escape: bool,
) -> bool:
    """Write a letter until the box has it, in vain while a browser that was closed starts again."""
    for seconds in (PAGE_SECONDS / 3, *4 * [PAGE_SECONDS]):
        if with_escape:
            # The browser says of some keys that they are not allowed, and wants that to be closed.
            stage.client.press("esc")
        type_on(stage, letter)
        with contextlib.suppress(TimeoutError):
            invigilator.wait_for(f"/candidates/{attempt}", expected, seconds=seconds)
            return True
    return False


def hand_in(stage: Stage, invigilator: Invigilator) -> None:
    """Hand in at the client's screen."""
    stage.client.click(*REVIEW_BUTTON)
    time.sleep(SIGN_IN_SECONDS)
    stage.client.look("6-review")
    stage.client.click(*HAND_IN_BUTTON)
    time.sleep(SIGN_IN_SECONDS)
    stage.client.look("7-sure")
    stage.client.click(*SURE_BUTTON)
    invigilator.wait_for("/people", "handed in", seconds=STEP_SECONDS)
    time.sleep(SIGN_IN_SECONDS)
    stage.client.look("8-receipt")
    stage.say("the candidate has handed in")
