"""A step of the play: the plug of the client is pulled while the box is out of its reach.

What the candidate has written lies on the client's own stick, encrypted.  The client starts again
from it, the box comes back, and the words arrive once the candidate has given the code again.
Beside it lies a disk of the computer's own with a partition of the same name, which must not be
touched, and a stick is put in, which must be refused.
"""

from __future__ import annotations

import hashlib
import re
import struct
import time
from pathlib import Path
from typing import Any

from tests.image.machine import Machine
from tests.image.staff import Invigilator
from tests.image.sticks import make_stick
from tests.rig.small_image import partition_table

ROOM_ON_STICK_MIB = 256
OWN_DISK_MIB = 64
KEEPS = "Keeps unsent work"
WHILE_CUT = "rivers run "
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


def wait_until_kept(invigilator: Invigilator) -> None:
    """Wait until the client says that its work survives a power cut."""
    invigilator.wait_for("/workstations", KEEPS, seconds=STEP_SECONDS)
    time.sleep(PAGE_SECONDS)


def cut_the_client(
    box: Machine, client: Machine, invigilator: Invigilator, seen: dict[str, Any]
) -> None:
    """Write while the box's cable is out, pull the client's plug, and see the words arrive.

    `seen` has the attempt, the candidate's code, and where code and response are on the screen.
    """
    box.cable("room", is_in=False)
    client.click(*seen["response_field"])
    client.type(WHILE_CUT)
    time.sleep(5)
    client.look("cut-1-written")
    client.pull_the_plug()
    client.start()
    box.cable("room", is_in=True)
    wait_until_kept(invigilator)
    client.look("cut-2-started-again")
    client.click(*seen["code_field"])
    client.type(seen["code"].lower())
    client.press("ret")
    text = re.escape(WHILE_CUT.strip())
    invigilator.wait_for(f"/candidates/{seen['attempt']}", text, seconds=STEP_SECONDS)
    time.sleep(5)
    client.look("cut-3-arrived")


def require_refused(client: Machine, path: Path) -> None:
    """Put a stick into the running client: not one block of it may be read."""
    client.put_in(make_stick(path), "foreign")
    time.sleep(20)
    reads = client.reads_of("foreign")
    client.take_out("foreign")
    if reads:
        raise RuntimeError(f"the client has read a stick that was put in: {reads} times")
