"""What a room's staff do in the plays: sticks to and from the centre, a room opened and closed."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

from tests.image.staff import Invigilator
from tests.image.stage import START_SECONDS, Box, Stage
from tests.image.sticks import copy_in, copy_out, make_stick


def wait_for_files(stick: Path, folder: str, pattern: str, target: Path) -> None:
    """Copy a folder off a stick as soon as a file that matches has something in it."""
    deadline = time.monotonic() + START_SECONDS
    while not (
        copy_out(str(stick), folder, target)
        and any(one.stat().st_size for one in target.rglob(pattern))
    ):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came to {folder} of the stick")
        shutil.rmtree(target, ignore_errors=True)
        time.sleep(3)


def carry_out(box: Box, stick: Path, folder: str, pattern: str, target: Path) -> None:
    """Put a stick into a box, and copy what it writes there as soon as that is whole."""
    box.machine.put_in(stick, stick.stem)
    wait_for_files(stick, folder, pattern, target)
    # A file that was copied while it was written is copied once more.
    time.sleep(5)
    shutil.rmtree(target)
    wait_for_files(stick, folder, pattern, target)
    box.machine.take_out(stick.stem)


def enrol(stage: Stage, *, candidates: int = 1) -> dict[str, Any]:
    """Carry the boxes' keys to the centre and the exam to the boxes, by stick."""
    box_ids = [bring_keys(stage, box) for box in stage.boxes]
    plan = make_plan(stage, box_ids, candidates=candidates)
    for box, box_id in zip(stage.boxes, box_ids, strict=True):
        take_exam(stage, box, box_id)
    return plan


def bring_keys(stage: Stage, box: Box) -> str:
    """Carry a box's public keys to the centre; return the box's id."""
    stick = make_stick(stage.work / f"keys-{box.port}.stick")
    keys = stage.work / f"keys-{box.port}"
    carry_out(box, stick, "/examroom/public-keys", "*.json", keys)
    box_id = stage.centre.enrol(next(keys.glob("*.json")), box.name)
    stage.say(f"{box.name}: its public keys have come to the centre")
    return box_id


def make_plan(stage: Stage, box_ids: list[str], *, candidates: int = 1) -> dict[str, Any]:
    """Let the centre plan one sitting for these boxes."""
    return stage.centre.plan(*box_ids, candidates=candidates) | {"box_ids": box_ids}


def take_exam(stage: Stage, box: Box, box_id: str) -> None:
    """Carry what the centre has for a box there; wait until it serves under its name."""
    folder = stage.work / f"to-{box.port}"
    folder.mkdir()
    stage.centre.fill(folder, box_id)
    stick = make_stick(stage.work / f"exam-{box.port}.stick")
    copy_in(str(stick), folder / "examroom", "/")
    box.machine.put_in(stick, stick.stem)
    box.wait_until_serving()
    stage.say(f"{box.name} has its certificate and serves under its name")


def open_room(stage: Stage, plan: dict[str, Any]) -> Invigilator:
    """Open the room at the first box and release the exam."""
    invigilator = stage.boxes[0].staff(plan)
    invigilator.open_room()
    invigilator.release(plan["sitting_id"], plan["release_code"])
    stage.say("the room is open and the exam released")
    return invigilator


def close(
    stage: Stage, box: Box, plan: dict[str, Any], invigilator: Invigilator, written: str
) -> None:
    """End the exam, let the client go, and carry the results to the centre by stick.

    `written` is the pattern of what the centre must have.
    """
    pin = next(one["pin"] for one in plan["staff"] if one["role"] == "chief_invigilator")
    sitting_id = plan["sitting_id"]
    invigilator.act("/room", f"/sittings/{sitting_id}/end", secret=pin)
    invigilator.act("/workstations", "/workstations/release", released="yes")
    deadline = time.monotonic() + START_SECONDS
    while stage.client.is_on():
        if time.monotonic() > deadline:
            raise TimeoutError("the released client did not switch itself off")
        time.sleep(1)
    invigilator.act("/report", "/report", secret=pin)
    stage.say("the room is closed; the released client has switched itself off")
    found = results_at_centre(stage, box, sitting_id)
    if not re.fullmatch(written, found):
        raise RuntimeError(f"the centre has {found!r}, and not {written!r}")


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
