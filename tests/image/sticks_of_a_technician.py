"""Steps of the plays: what a technician does with a box by sticks alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from tests.image.room import carry_out, wait_for_files
from tests.image.staff import Invigilator
from tests.image.stage import START_SECONDS, STEP_SECONDS, Box, Stage
from tests.image.sticks import copy_in, copy_out, make_stick


def make_mirror(stage: Stage, box: Box, invigilator: Invigilator) -> Path:
    """Make a stick a mirror by a file on it; pull it as soon as the page says that it is one."""
    asked, stick = stage.work / "make-mirror", make_stick(stage.work / "mirror.stick")
    asked.touch()
    copy_in(str(stick), asked, "/examroom/make-mirror")
    box.machine.put_in(stick, "mirror")
    found = invigilator.wait_for("/box", r"Mirror stick (\w+), read back at", seconds=STEP_SECONDS)
    invigilator.wait_for("/box", f"is now mirror stick {found.group(1)}", seconds=STEP_SECONDS)
    box.machine.take_out("mirror")
    bundles = stage.work / "mirrored"
    wait_for_files(stick, "/examroom/bundles", "*.bundle", bundles)
    stage.say(f"mirror stick {found.group(1)} has {len(list(bundles.rglob('*.bundle')))} bundles")
    return stick


def wipe(stage: Stage, box: Box, plan: dict[str, Any]) -> None:
    """Bring the centre's receipts, then wipe the box by its id; the centre checks it."""
    box_id = plan["box_ids"][0]
    receipts = make_stick(stage.work / "receipts.stick")
    # The centre wrote them to the stick that had brought the results.
    copy_in(str(receipts), stage.work / "brought" / "examroom" / "receipts", "/examroom")
    carry_out(box, receipts, "/examroom/public-keys", "*.json", stage.work / "after-receipts")
    asked, stick = stage.work / "wipe-box", make_stick(stage.work / "wipe.stick")
    asked.write_text(f"{box_id}\n")
    copy_in(str(stick), asked, "/examroom/wipe-box")
    box.machine.put_in(stick, "wipe")
    certificate = _certificate(stage, stick, box_id)
    time.sleep(5)
    said = stage.centre.check_wipe(certificate)
    stage.say(f"the box is wiped; the centre misses {said['not_here']} of it")
    new = _wait_for_a_new_box(stage, stick, box_id)
    stage.say(f"it has started as a new box: {new}")


def _certificate(stage: Stage, stick: Path, box_id: str) -> Path:
    certificate, reason = stage.work / f"{box_id}.wiped", stage.work / "why-not.txt"
    deadline = time.monotonic() + START_SECONDS
    while True:
        # Empty until the box has looked; it says more when there is a certificate, too.
        has_spoken = copy_out(str(stick), "/examroom/wipe-box.txt", reason) and reason.read_text()
        if copy_out(str(stick), f"/examroom/{box_id}.wiped", certificate):
            return certificate
        if has_spoken:
            raise RuntimeError(f"the box did not wipe itself: {reason.read_text()}")
        if time.monotonic() > deadline:
            raise TimeoutError("the box wrote no certificate")
        time.sleep(3)


def _wait_for_a_new_box(stage: Stage, stick: Path, old: str) -> str:
    """Wait until the box has written another name than its old one to the stick."""
    keys = stage.work / "new-keys"
    deadline = time.monotonic() + START_SECONDS
    while True:
        copy_out(str(stick), "/examroom/public-keys", keys)
        if new := {one.stem for one in keys.rglob("*.json")} - {old}:
            return new.pop()
        if time.monotonic() > deadline:
            raise TimeoutError("the wiped box did not start as a new one")
        shutil.rmtree(keys, ignore_errors=True)
        time.sleep(5)
