"""The stage of the plays on the images: a centre, one or two boxes, and one client."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.image.centre import Centre, command
from tests.image.disks import add_disk, grow, tempting_disk
from tests.image.machine import Machine
from tests.image.staff import Invigilator, wait_until_serving
from tests.image.sticks import copy_in, partition

START_SECONDS = 900
"""Plain emulation on a busy machine; the figures that count are printed."""
STEP_SECONDS = 420
BOX_DATA_MIB = 5 * 1024
CLIENT_DATA_MIB = 256
PLAN = """domain = "examroom.internal"
[[rooms]]
room = "Aula"
host = "box"
standbys = {standbys}
"""


@dataclass(slots=True)
class Box:
    """A box of the room, and where its staff reach it from outside the room."""

    machine: Machine
    name: str
    port: int
    authority: Path

    def wait_until_serving(self) -> float:
        """Return after how many seconds it answered."""
        return wait_until_serving(self.port, self.name, self.authority, seconds=START_SECONDS)

    def staff(self, plan: dict[str, Any], role: str = "chief_invigilator") -> Invigilator:
        """Sign somebody in."""
        person = next(one for one in plan["staff"] if one["role"] == role)
        invigilator = Invigilator.of(self.port, self.name, self.authority)
        invigilator.wait_for("/sign-in", person["staff_id"], seconds=STEP_SECONDS)
        invigilator.sign_in(person["staff_id"], person["pin"])
        return invigilator


@dataclass(slots=True)
class Stage:
    """What a play needs; the first box leads."""

    images: Path
    work: Path
    centre: Centre
    boxes: tuple[Box, ...]
    client: Machine
    own_disk_digest: str
    started: float

    def say(self, text: str) -> None:
        """Tell what happens, with the second at which it does."""
        sys.stdout.write(f"{time.monotonic() - self.started:7.1f} s  {text}\n")
        sys.stdout.flush()

    @property
    def own_disk(self) -> Path:
        """The client's own disk, which nothing may touch."""
        return self.work / "own.raw"

    def power_off(self) -> None:
        """End every machine."""
        for machine in (self.client, *(box.machine for box in self.boxes)):
            machine.pull_the_plug()


def wait_for_words(machine: Machine, words: bytes) -> None:
    """Wait until a machine's console has said something; raises TimeoutError."""
    console = machine.folder / "console.log"
    deadline = time.monotonic() + START_SECONDS
    while words not in console.read_bytes():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the console never said {words.decode()}")
        time.sleep(1)


def image_of(profile: str, images: Path) -> Path:
    """Return the image; its parts, for updates, lie beside it under longer names."""
    return min(images.glob(f"examroom-{profile}_*.raw"), key=lambda one: (len(one.name), one.name))


def set_up(images: Path, work: Path, *, standbys: int) -> Stage:
    """Make the centre and the disks of the machines, with what a technician puts on each."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    centre = Centre(work / "centre")
    centre.make()
    boxes = make_boxes(image_of("box", images), work, centre, standbys=standbys)
    disk = work / "client.raw"
    shutil.copy(image_of("client", images), disk)
    grow(disk, CLIENT_DATA_MIB)
    copy_in(partition(disk, "EXAMROOM"), centre.folder / "authority.pem", "/authority.pem")
    client = Machine("client", work / "client", disk, 3072, 16, screen=True)
    own_disk_digest = tempting_disk(work / "own.raw")
    add_disk(client, work / "own.raw")
    return Stage(images, work, centre, boxes, client, own_disk_digest, time.monotonic())


def make_boxes(image: Path, work: Path, centre: Centre, *, standbys: int) -> tuple[Box, ...]:
    """Make a room's boxes, with what a technician puts on each."""
    authority = centre.folder / "authority.pem"
    plan, rooms = work / "plan.toml", work / "rooms"
    plan.write_text(PLAN.format(standbys=standbys))
    make_rooms = [command("examroom-provision"), "make-rooms", str(plan), str(rooms)]
    subprocess.run(make_rooms, check=True, capture_output=True, timeout=60)
    boxes = []
    for number, folder in enumerate(sorted(rooms.iterdir())):
        disk = work / f"{folder.name}.raw"
        shutil.copy(image, disk)
        grow(disk, BOX_DATA_MIB)
        copy_in(partition(disk, "EXAMROOM"), folder / "room.toml", "/room.toml")
        copy_in(partition(disk, "EXAMROOM"), centre.folder / "centre.json", "/centre.json")
        copy_in(partition(disk, "EXAMROOM"), authority, "/authority.pem")
        port = 17443 + number
        machine = Machine(
            *(folder.name, work / folder.name, disk, 2048, 1 + number),
            security_chip=True,
            forwarded={port: 443},
        )
        boxes.append(Box(machine, f"{folder.name}.examroom.internal", port, authority))
    return tuple(boxes)
