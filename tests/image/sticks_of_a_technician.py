"""Steps of the play: what a technician does with a box by sticks alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from tests.image.machine import Machine
from tests.image.staff import Invigilator
from tests.image.stage import (
    BOX_DISK_GIB,
    START_SECONDS,
    STEP_SECONDS,
    Box,
    Stage,
    carry_out,
    image_of,
)
from tests.image.sticks import copy_in, copy_out, make_stick, partition


def make_mirror(stage: Stage, box: Box, invigilator: Invigilator) -> None:
    """Make a stick a mirror by a file on it; it is filled, and stays in."""
    asked, stick = stage.work / "make-mirror", make_stick(stage.work / "mirror.stick")
    asked.touch()
    copy_in(str(stick), asked, "/examroom/make-mirror")
    box.machine.put_in(stick, "mirror")
    found = invigilator.wait_for("/box", r"Mirror stick (\w+), read back at", seconds=STEP_SECONDS)
    invigilator.wait_for("/box", f"is now mirror stick {found.group(1)}", seconds=STEP_SECONDS)
    bundles = stage.work / "mirrored"
    carry_out_of(stick, "/examroom/bundles", bundles)
    box.machine.take_out("mirror")
    stage.say(f"mirror stick {found.group(1)} has {len(list(bundles.rglob('*.bundle')))} bundles")


def carry_out_of(stick: Path, folder: str, target: Path) -> None:
    """Copy a folder off a stick as soon as there is something in it."""
    deadline = time.monotonic() + STEP_SECONDS
    while not (copy_out(str(stick), folder, target) and any(target.rglob("*.bundle"))):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came to {folder} of the stick")
        shutil.rmtree(target, ignore_errors=True)
        time.sleep(3)


def wipe(stage: Stage, box: Box, plan: dict[str, Any]) -> None:
    """Bring the centre's receipts, then wipe the box by its id; the centre checks it."""
    box_id = plan["box_ids"][0]
    folder = stage.work / "receipts"
    folder.mkdir()
    stage.centre.fill(folder, box_id)
    receipts = make_stick(stage.work / "receipts.stick")
    copy_in(str(receipts), folder / "examroom", "/")
    carry_out(box, receipts, "/examroom/public-keys", "*.json", stage.work / "after-receipts")
    asked, stick = stage.work / "wipe-box", make_stick(stage.work / "wipe.stick")
    asked.write_text(f"{box_id}\n")
    copy_in(str(stick), asked, "/examroom/wipe-box")
    certificate = stage.work / f"{box_id}.wiped"
    box.machine.put_in(stick, "wipe")
    deadline = time.monotonic() + START_SECONDS
    while not copy_out(str(stick), f"/examroom/{box_id}.wiped", certificate):
        if time.monotonic() > deadline:
            copy_out(str(stick), "/examroom/wipe-box.txt", stage.work / "why-not.txt")
            raise TimeoutError("the box wrote no certificate")
        time.sleep(3)
    time.sleep(5)
    said = stage.centre.check_wipe(certificate)
    stage.say(f"the box is wiped; the centre misses {said['not_here']} of it")
    # It starts as a new one, with another name.
    deadline = time.monotonic() + START_SECONDS
    keys = stage.work / "new-keys"
    while not (copy_out(str(stick), "/examroom/public-keys", keys) and len(_ids(keys)) > 1):
        if time.monotonic() > deadline:
            raise TimeoutError("the wiped box did not start as a new one")
        shutil.rmtree(keys, ignore_errors=True)
        time.sleep(5)
    stage.say(f"it has started as a new box: {_ids(keys) - {box_id}}")


def _ids(keys: Path) -> set[str]:
    return {one.stem for one in keys.rglob("*.json")}


def play_install(images: Path, work: Path, stage: Stage) -> None:
    """Install a box on the empty disk of a machine, and start it from there."""
    stick, disk, asked = work / "install.raw", work / "own-box.raw", work / "install-to-disk"
    shutil.copy(image_of("box", images), stick)
    with stick.open("ab") as file:
        file.truncate(BOX_DISK_GIB * 2**30)
    with disk.open("wb") as file:
        file.truncate(BOX_DISK_GIB * 2**30)
    asked.write_text("empty\n")
    copy_in(partition(stick, "EXAMROOM"), asked, "/install-to-disk")
    drive = ("-drive", f"if=none,id=own,format=raw,file={disk}")
    extra = (*drive, "-device", "virtio-blk-pci,drive=own")
    installing = Machine("install", work / "install", stick, 2048, 30, extra=extra)
    started = time.monotonic()
    installing.start()
    while installing.is_on():
        if time.monotonic() - started > START_SECONDS:
            raise TimeoutError("the box was not installed")
        time.sleep(2)
    installing.pull_the_plug()
    stage.say(f"installed and switched off after {time.monotonic() - started:.0f} s")
    port = 17450
    machine = Machine(
        *("installed", work / "installed", disk, 2048, 30),
        security_chip=True,
        built_in=True,
        forwarded={port: 443},
    )
    box = Box(machine, "box.examroom.internal", port, work / "nobody")
    machine.start()
    try:
        keys = make_stick(work / "installed.stick")
        carry_out(box, keys, "/examroom/public-keys", "*.json", work / "installed-keys")
        stage.say("the installed box has started from the disk of the machine")
    finally:
        machine.pull_the_plug()
