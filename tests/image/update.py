"""An update on the real image, and one that does not work: `make image-test-update`.

A box with a first version gets a stick with a second, installs it, is restarted by its technician,
and runs it.  Then comes a third in which no Python starts: three starts by itself, and the box is
back at the second, and says so.  Its firmware starts signed systems only, so all three are signed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from pathlib import Path

from tests.image.centre import Centre
from tests.image.machine import Machine
from tests.image.room import enrol
from tests.image.staff import Invigilator
from tests.image.stage import Stage, make_boxes
from tests.image.sticks import copy_in, list_folder, make_stick, partition
from usb_image.secure_boot_key import CERTIFICATE, KEY

FIRST, SECOND, BROKEN = "0.1.0", "0.2.0", "0.3.0"
UPDATE_STICK_MIB = 512
INSTALL_SECONDS = RESTART_SECONDS = 1200
"""Plain emulation on a busy machine."""
THREE_TRIES_SECONDS = 5400
HARMLESS_WORD = b"systemd.import_credentials=no"
BREAKING_WORD = b"systemd.setenv=PYTHONHOME=/no"
"""As long as the other, so that the kernel file keeps its form: no Python of a service starts."""


def set_up(images: Path, work: Path) -> Stage:
    """Make the centre and a box with the first version; nobody uses the client's computer."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    centre = Centre(work / "centre")
    centre.make()
    boxes = make_boxes(images / f"examroom-box_{FIRST}.raw", work, centre, standbys=0)
    boxes[0].machine.secure_boot = True
    nobody = Machine("client", work / "client", work / "client.raw", 0, 16)
    return Stage(images, work, centre, boxes, nobody, "", time.monotonic())


def break_image(image: Path, folder: Path, keys: Path) -> Path:
    """Return an image that is the given one, but for a word of its command line; it is signed."""
    folder.mkdir()
    for part in image.parent.glob(f"{image.stem}.*"):
        (folder / part.name).symlink_to(part)
    kernel = folder / f"{image.stem}.efi"
    whole = kernel.read_bytes()
    if whole.count(HARMLESS_WORD) != 1 or len(HARMLESS_WORD) != len(BREAKING_WORD):
        raise RuntimeError("the command line of the image is another one now")
    kernel.unlink()
    kernel.write_bytes(whole.replace(HARMLESS_WORD, BREAKING_WORD))
    signing = ("sbsign", "--key", keys / KEY, "--cert", keys / CERTIFICATE)
    for command in (("sbattach", "--remove", kernel), (*signing, "--output", kernel, kernel)):
        subprocess.run([str(one) for one in command], check=True, capture_output=True, timeout=60)
    return folder / image.name


def bring(stage: Stage, technician: Invigilator, image: Path, version: str) -> None:
    """Carry an update to the box, wait until it is installed, and press the button."""
    folder = stage.work / f"update-{version}"
    folder.mkdir()
    made = stage.centre.make_update(image, folder)
    stick = make_stick(stage.work / f"{version}.stick", mib=UPDATE_STICK_MIB)
    copy_in(str(stick), folder / "examroom", "/")
    stage.say(f"the centre has written version {version} to a stick: {made['mib']} MiB")
    name = f"update-{version.replace('.', '-')}"
    stage.boxes[0].machine.put_in(stick, name)
    for words in ("has arrived", "is installed"):
        text = f"Version {version} {words}"
        technician.wait_for(
            "/box", f"{text}|Version {version} is installed", seconds=INSTALL_SECONDS
        )
        stage.say(text)
    stage.boxes[0].machine.take_out(name)
    technician.act("/box", "/box/restart", back="/box")
    stage.say("the technician has pressed the button")


def play(stage: Stage, keys: Path) -> None:
    """Play it all."""
    stage.say(f"power on, with version {FIRST}")
    box = stage.boxes[0]
    box.machine.start()
    plan = enrol(stage)
    technician = box.staff(plan, "technician")
    technician.wait_for("/box", f"runs version {FIRST}", seconds=RESTART_SECONDS)

    bring(stage, technician, stage.images / f"examroom-box_{SECOND}.raw", SECOND)
    technician.wait_for("/box", f"runs version {SECOND}", seconds=RESTART_SECONDS)
    stage.say(f"the box runs version {SECOND}")

    broken = break_image(stage.images / f"examroom-box_{BROKEN}.raw", stage.work / "broken", keys)
    bring(stage, technician, broken, BROKEN)
    went_back = f"Version {BROKEN} did not come to serve, so the box went back to version {SECOND}"
    technician.wait_for("/box", went_back, seconds=THREE_TRIES_SECONDS)
    stage.say(went_back)
    box.machine.pull_the_plug()
    names = list_folder(partition(box.machine.disk, "esp"), "/EFI/Linux")
    stage.say(f"on the boot partition: {', '.join(names)}")
    if names != [f"examroom-box_{SECOND}.efi", f"examroom-box_{BROKEN}+0-3.efi"]:
        raise RuntimeError("that is not what three tries leave")


def main() -> None:
    """Play it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=Path, default=Path("build/image/out"))
    options.add_argument("--keys", type=Path, default=Path("build/secure-boot"))
    options.add_argument("--work", type=Path, default=Path("build/image-test-update"))
    given = options.parse_args()
    stage = set_up(given.images.resolve(), given.work.resolve())
    try:
        play(stage, given.keys)
    finally:
        stage.power_off()


if __name__ == "__main__":
    main()
