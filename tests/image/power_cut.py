"""A step of the play: the plug of the client is pulled while the box is out of its reach.

What the candidate has written lies on the client's own stick, encrypted.  The client starts again
from it, the box comes back, and the words arrive before anybody has given a code; then the
candidate gives it and writes on.
Beside it lies a disk of the computer's own with a partition of the same name, which must not be
touched, and a stick is put in, which must be refused.
"""

from __future__ import annotations

import hashlib
import re
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine import Machine
from tests.image.staff import Invigilator
from tests.image.sticks import make_stick
from tests.rig.small_image import partition_table

ROOM_ON_STICK_MIB = 256
OWN_DISK_MIB = 64
KEEPS = "Keeps unsent work"
WHILE_CUT, AFTERWARDS = "rivers run ", "to the sea "
STEP_SECONDS = 420
PAGE_SECONDS = 60
"""Until the browser has started anew and drawn a page."""


def make_room_on(disk: Path) -> None:
    """Let a stick be larger than its image, as real ones are."""
    with disk.open("ab") as file:
        file.truncate(disk.stat().st_size + ROOM_ON_STICK_MIB * 2**20)


def give_own_disk(client: Machine, path: Path) -> str:
    """Give the client a disk of its own, which would tempt it; return what its bytes are."""
    table = bytearray(partition_table([("examroom-client-data", 2**20, OWN_DISK_MIB * 2**19)]))
    # Without the old kind of table before it the kernel does not believe the new one.
    table[446:512] = struct.pack("<8x I I 48x 2s", 1, 0xFFFFFFFF, b"\x55\xaa")
    table[450] = 0xEE
    with path.open("wb") as file:
        file.write(table)
        file.truncate(OWN_DISK_MIB * 2**20)
    client.extra = (
        *client.extra,
        *("-drive", f"if=none,id=own,format=raw,file={path}"),
        *("-device", "virtio-blk-pci,drive=own"),
    )
    return digest(path)


def digest(path: Path) -> str:
    """Return the SHA-256 of a disk."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a candidate writes: their attempt and code, and where the response is on the screen."""

    client: Machine
    attempt: str
    code: str
    response_field: tuple[int, int]


def wait_until_kept(invigilator: Invigilator) -> None:
    """Wait until the client says that its work survives a power cut."""
    invigilator.wait_for("/workstations", KEEPS, seconds=STEP_SECONDS)
    time.sleep(PAGE_SECONDS)


def cut_the_client(box: Machine, desk: Desk, invigilator: Invigilator) -> None:
    """Write while the box's cable is out, pull the client's plug, and see the words arrive."""
    client, page = desk.client, f"/candidates/{desk.attempt}"
    box.cable("room", is_in=False)
    _type_on(desk, WHILE_CUT)
    time.sleep(5)
    client.look("cut-1-written")
    client.pull_the_plug()
    client.start()
    box.cable("room", is_in=True)
    invigilator.wait_for(page, re.escape(WHILE_CUT.strip()), seconds=STEP_SECONDS)
    time.sleep(PAGE_SECONDS)
    client.look("cut-2-started-again")
    # The heading has the keyboard, and the field comes next.
    client.press("tab")
    client.type(desk.code.lower())
    client.press("ret")
    time.sleep(PAGE_SECONDS)
    _type_on(desk, AFTERWARDS)
    text = re.escape(f"{WHILE_CUT}{AFTERWARDS}".strip())
    invigilator.wait_for(page, text, seconds=STEP_SECONDS)
    client.look("cut-3-wrote-on")


def _type_on(desk: Desk, text: str) -> None:
    """Type at the end of the response."""
    desk.client.click(*desk.response_field)
    desk.client.press("ctrl", "end")
    desk.client.type(text)


def require_refused(client: Machine, path: Path) -> None:
    """Put a stick into the running client: not one block of it may be read."""
    client.put_in(make_stick(path), "foreign")
    time.sleep(20)
    reads = client.reads_of("foreign")
    client.take_out("foreign")
    if reads:
        raise RuntimeError(f"the client has read a stick that was put in: {reads} times")
