"""A play: a box installs itself on the empty disk of a machine, and starts from there."""

from __future__ import annotations

import shutil
import time

from tests.image.disks import add_disk, empty_disk, grow
from tests.image.machine import Machine
from tests.image.room import carry_out
from tests.image.stage import BOX_DATA_MIB, START_SECONDS, Box, Stage, image_of
from tests.image.sticks import copy_in, make_stick, partition

DISK_MIB = 6 * 1024
PORT = 17450


def play_install(stage: Stage) -> None:
    """Ask for it by a file on the stick, then start without the stick."""
    work = stage.work
    stick, asked = work / "install.raw", work / "install-to-disk"
    disk = empty_disk(work / "own-box.raw", DISK_MIB)
    shutil.copy(image_of("box", stage.images), stick)
    grow(stick, BOX_DATA_MIB)
    asked.write_text("empty\n")
    copy_in(partition(stick, "EXAMROOM"), asked, "/install-to-disk")
    installing = Machine("install", work / "install", stick, 2048, 30)
    add_disk(installing, disk)
    _run_until_off(stage, installing)
    installed = Machine(
        *("installed", work / "installed", disk, 2048, 30),
        security_chip=True,
        built_in=True,
        forwarded={PORT: 443},
    )
    box = Box(installed, "box.examroom.internal", PORT, work / "nobody")
    installed.start()
    try:
        keys = make_stick(work / "installed.stick")
        carry_out(box, keys, "/examroom/public-keys", "*.json", work / "installed-keys")
    finally:
        installed.pull_the_plug()
    stage.say("the installed box has started from the disk of the machine")


def _run_until_off(stage: Stage, machine: Machine) -> None:
    started = time.monotonic()
    machine.start()
    try:
        while machine.is_on():
            if time.monotonic() - started > START_SECONDS:
                raise TimeoutError("the box was not installed")
            time.sleep(2)
    finally:
        machine.pull_the_plug()
    stage.say(f"installed and switched off after {time.monotonic() - started:.0f} s")
