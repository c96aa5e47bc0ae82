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
from tests.image.machine import Machine
from tests.image.power_cut import give_own_disk, make_room_on
from tests.image.staff import Invigilator, wait_until_serving
from tests.image.sticks import copy_in, copy_out, make_stick, partition

START_SECONDS = 900
"""Plain emulation on a busy machine; the figures that count are printed."""
STEP_SECONDS = 420
BOX_DISK_GIB = 6
PLAN = """domain = "examroom.internal"
[[rooms]]
room = "Aula"
host = "box"
standbys = {standbys}
"""
CLIENT = 'authority = "/run/examroom-settings/authority.pem"\n'


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


def image_of(profile: str, images: Path) -> Path:
    """Return the image; its parts, for updates, lie beside it under longer names."""
    return min(images.glob(f"examroom-{profile}_*.raw"), key=lambda one: len(one.name))


def set_up(images: Path, work: Path, *, standbys: int) -> Stage:
    """Make the centre and the disks of the machines, with what a technician puts on each."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    centre = Centre(work / "centre")
    centre.make()
    boxes = make_boxes(image_of("box", images), work, centre, standbys=standbys)
    disk = work / "client.raw"
    shutil.copy(image_of("client", images), disk)
    make_room_on(disk)
    (work / "client.toml").write_text(CLIENT)
    copy_in(partition(disk, "EXAMROOM"), work / "client.toml", "/client.toml")
    copy_in(partition(disk, "EXAMROOM"), centre.folder / "authority.pem", "/authority.pem")
    client = Machine("client", work / "client", disk, 3072, 16, screen=True)
    own_disk_digest = give_own_disk(client, work / "own.raw")
    return Stage(work, centre, boxes, client, own_disk_digest, time.monotonic())


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
        with disk.open("ab") as file:
            file.truncate(BOX_DISK_GIB * 2**30)
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


def carry_out(box: Box, stick: Path, folder: str, pattern: str, target: Path) -> None:
    """Put a stick into a box, and copy what it writes there as soon as that is whole."""
    box.machine.put_in(stick, stick.stem)
    deadline = time.monotonic() + START_SECONDS
    # A file that is copied while it is written is copied once more.
    for last in (False, True):
        while not (copy_out(str(stick), folder, target) and any(target.rglob(pattern))):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{box.name} wrote no {folder} to the stick")
            shutil.rmtree(target, ignore_errors=True)
            time.sleep(3)
        if not last:
            time.sleep(5)
            shutil.rmtree(target)
    box.machine.take_out(stick.stem)


def enrol(stage: Stage) -> dict[str, Any]:
    """Carry the boxes' keys to the centre and the exam to the boxes, by stick."""
    box_ids = []
    for box in stage.boxes:
        stick = make_stick(stage.work / f"keys-{box.port}.stick")
        keys = stage.work / f"keys-{box.port}"
        carry_out(box, stick, "/examroom/public-keys", "*.json", keys)
        box_ids.append(stage.centre.enrol(next(keys.glob("*.json")), box.name))
        stage.say(f"{box.name}: its public keys have come to the centre")
    plan = stage.centre.plan(*box_ids) | {"box_ids": box_ids}
    for box, box_id in zip(stage.boxes, box_ids, strict=True):
        folder = stage.work / f"to-{box.port}"
        folder.mkdir()
        stage.centre.fill(folder, box_id)
        stick = make_stick(stage.work / f"exam-{box.port}.stick")
        copy_in(str(stick), folder / "examroom", "/")
        box.machine.put_in(stick, stick.stem)
        box.wait_until_serving()
        stage.say(f"{box.name} has its certificate and serves under its name")
    return plan


def open_room(stage: Stage, plan: dict[str, Any]) -> Invigilator:
    """Open the room at the first box and release the exam."""
    invigilator = stage.boxes[0].staff(plan)
    invigilator.open_room()
    invigilator.release(plan["sitting_id"], plan["release_code"])
    stage.say("the room is open and the exam released")
    return invigilator


def results_at_centre(stage: Stage, box: Box, sitting_id: str) -> str:
    """Carry the results of a box to the centre by stick; return the response that it has.

    Raises RuntimeError when the centre does not call them complete.
    """
    stick = make_stick(stage.work / "results.stick")
    brought = stage.work / "brought"
    (brought / "examroom").mkdir(parents=True)
    carry_out(box, stick, "/examroom/bundles", "*", brought / "examroom" / "bundles")
    stage.say(f"the centre: {stage.centre.take_in(brought)}")
    results = stage.centre.results(sitting_id)
    (result,) = results["results"]
    sealed = [one for one in results["evidence"] if one["state"] == "sealed"]
    written: str = result["responses"][0]["value"]
    by = f"{result['given_name']} {result['family_name']}"
    stage.say(f"the centre has {written!r} by {by}; evidence {results['evidence']}")
    if not sealed or any(one["unread_count"] for one in results["evidence"]):
        raise RuntimeError("the centre does not call it complete")
    return written
