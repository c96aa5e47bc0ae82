"""A whole sitting on the real images: `make image-test`.

A box and a client are started in QEMU on one virtual cable.  The box's public keys come back on a
stick, the centre enrols it and sends it the exam, and a candidate writes in the client's browser by
its keyboard.  Meanwhile the plug of the box is pulled.  At the end a stick carries the results to
the centre, which must say that they are complete.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.image.centre import Centre
from tests.image.machine import Machine
from tests.image.staff import Invigilator, wait_until_serving
from tests.image.sticks import copy_in, copy_out, make_stick, settings_partition

BOX_NAME = "box.examroom.internal"
BOX_DISK_GIB = 6
PORT = 17443
START_SECONDS = 420
"""Plain emulation on a busy machine; the figure that counts is printed."""
STEP_SECONDS = 240

ROOM = f'room = "Aula"\nname = "{BOX_NAME}"\n'
CLIENT = 'authority = "/run/examroom-settings/authority.pem"\n'


@dataclass(slots=True)
class Stage:
    """What the play needs: the machines, the centre, and where pictures go."""

    work: Path
    centre: Centre
    box: Machine
    client: Machine
    started: float

    @property
    def authority(self) -> Path:
        """The root certificate of the centre's rooms."""
        return self.centre.folder / "authority.pem"

    def say(self, text: str) -> None:
        """Tell what happens, with the second at which it does."""
        sys.stdout.write(f"{time.monotonic() - self.started:7.1f} s  {text}\n")
        sys.stdout.flush()


def image_of(profile: str, images: Path) -> Path:
    """Return the image; its parts, for updates, lie beside it under longer names."""
    return min(images.glob(f"examroom-{profile}_*.raw"), key=lambda one: len(one.name))


def set_up(images: Path, work: Path) -> Stage:
    """Make the centre and the disks of the machines, with what a technician puts on each."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    centre = Centre(work / "centre")
    centre.make()
    box_disk, client_disk = work / "box.raw", work / "client.raw"
    shutil.copy(image_of("box", images), box_disk)
    shutil.copy(image_of("client", images), client_disk)
    with box_disk.open("ab") as file:
        file.truncate(BOX_DISK_GIB * 2**30)
    (work / "room.toml").write_text(ROOM)
    (work / "client.toml").write_text(CLIENT)
    copy_in(settings_partition(box_disk), work / "room.toml", "/room.toml")
    copy_in(settings_partition(box_disk), centre.folder / "centre.json", "/centre.json")
    copy_in(settings_partition(client_disk), work / "client.toml", "/client.toml")
    copy_in(settings_partition(client_disk), centre.folder / "authority.pem", "/authority.pem")
    return Stage(
        work,
        centre,
        Machine("box", work / "box", box_disk, 2048, 1, security_chip=True, forwarded={PORT: 443}),
        Machine("client", work / "client", client_disk, 3072, 16, screen=True),
        time.monotonic(),
    )


def enrol(stage: Stage) -> dict[str, object]:
    """Carry the box's keys to the centre and the exam to the box, by stick."""
    stick = make_stick(stage.work / "first.stick")
    stage.box.start()
    stage.box.put_in(stick, "first")
    keys = stage.work / "keys"
    deadline = time.monotonic() + START_SECONDS
    while not copy_out(str(stick), "/examroom/public-keys", keys):
        if time.monotonic() > deadline:
            raise TimeoutError("the box wrote no public keys to the stick")
        shutil.rmtree(keys, ignore_errors=True)
        time.sleep(3)
    time.sleep(3)
    shutil.rmtree(keys)
    copy_out(str(stick), "/examroom/public-keys", keys)
    stage.say("the box has written its public keys to the stick")
    stage.box.take_out("first")
    box_id = stage.centre.enrol(next(keys.glob("*.json")), BOX_NAME)
    plan = stage.centre.plan(box_id)
    folder = stage.work / "to-box"
    folder.mkdir()
    stage.centre.fill(folder, box_id)
    second = make_stick(stage.work / "second.stick")
    copy_in(str(second), folder / "examroom", "/")
    stage.box.put_in(second, "second")
    wait_until_serving(PORT, BOX_NAME, stage.authority, seconds=STEP_SECONDS)
    stage.say("the box has its certificate and serves under its name")
    return plan


def main() -> None:
    """Play it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=Path, default=Path("build/image/work/out"))
    options.add_argument("--work", type=Path, default=Path("build/image-test"))
    given = options.parse_args()
    stage = set_up(given.images, given.work.resolve())
    try:
        play(stage)
    finally:
        stage.box.pull_the_plug()
        stage.client.pull_the_plug()


if __name__ == "__main__":
    main()
