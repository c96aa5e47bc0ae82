"""A play: a candidate who sees nothing writes by what the client's screen reader says."""

from __future__ import annotations

import time
from array import array
from pathlib import Path

from tests.image.candidate import hand_in, sign_in, try_to_leave, write, written_after
from tests.image.room import close, enrol, open_room
from tests.image.sitting import WRITTEN
from tests.image.stage import STEP_SECONDS, Stage
from tests.image.sticks import copy_in, partition

ORCA_KEYS: tuple[tuple[str, ...], ...] = (
    ("insert", "spc"),
    ("insert", "ctrl", "spc"),
    ("insert", "h"),
    ("f1",),
    ("meta_l", "alt", "s"),
)
"""Orca's settings, its learn mode and its help; a letter is written after each."""
WAV_HEADER_BYTES = 44
FRAME_BYTES = 4
"""Two channels of 16 bits, as QEMU's file has them."""
SILENCE_SECONDS = 4
LOUD = 500
"""Of 32,767; what is silent is zero."""


def give_a_voice(stage: Stage) -> Path:
    """Set the client up to read aloud, and connect its loudspeaker to a file."""
    settings = stage.work / "client.toml"
    settings.write_text("screen_reader = true\n")
    copy_in(partition(stage.client.disk, "EXAMROOM"), settings, "/client.toml")
    heard = stage.work / "heard.wav"
    stage.client.extra = (
        *stage.client.extra,
        *("-audiodev", f"wav,id=speaker,path={heard}"),
        *("-device", "intel-hda", "-device", "hda-output,audiodev=speaker"),
    )
    return heard


def loud_frames(heard: Path) -> int:
    """Return how many frames so far are not silent."""
    # The header of a file that still grows says nothing of its length, and `wave` reads none such.
    sound = heard.read_bytes()[WAV_HEADER_BYTES:]
    left = array("h", sound[: len(sound) // FRAME_BYTES * FRAME_BYTES])[::2]
    return sum(abs(one) > LOUD for one in left)


def wait_for_voice(stage: Stage, heard: Path, *keys: str) -> None:
    """Wait for silence, press keys, and wait until something was said."""
    before = -1
    while before != (before := loud_frames(heard)):
        time.sleep(SILENCE_SECONDS)
    stage.client.press(*keys)
    deadline = time.monotonic() + STEP_SECONDS
    while loud_frames(heard) <= before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing was said after {'+'.join(keys)}")
        time.sleep(1)


def play_listening(stage: Stage) -> None:
    """Sign-in, an answer, Orca's own ways out, and the hand-in, with a voice all along."""
    stage.say("power on: box and a client that reads aloud")
    heard = give_a_voice(stage)
    stage.boxes[0].machine.start()
    stage.client.start()
    plan = enrol(stage)
    invigilator = open_room(stage, plan)
    attempt = sign_in(stage, plan, invigilator)
    stage.say(f"so far {loud_frames(heard)} loud frames were heard")
    wait_for_voice(stage, heard, "tab")
    stage.say("a key is answered by the voice")
    write(stage, invigilator, attempt, WRITTEN)
    try_to_leave(stage, invigilator, attempt, WRITTEN, ORCA_KEYS)
    wait_for_voice(stage, heard, "tab")
    hand_in(stage, invigilator)
    close(stage, stage.boxes[0], plan, invigilator, WRITTEN + written_after(ORCA_KEYS))
