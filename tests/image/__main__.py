"""Whole sittings on the real images: `make image-test`.

    python -m tests.image sitting     a box and a client
    python -m tests.image take-over   a box, its standby and a client
    python -m tests.image install     a box that installs itself on the disk of a machine

The machines are started in QEMU on one virtual cable.  The boxes' public keys come back on sticks,
the centre enrols them and sends them the exam, and a candidate writes in the client's browser by
its keyboard.  Meanwhile plugs are pulled.  At the end a stick carries the results to the centre,
which must say that they are complete.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

from tests.image.candidate import (
    AFTER_WAYS_OUT,
    RESPONSE_FIELD,
    hand_in,
    sign_in,
    try_to_leave,
    type_on,
    write,
)
from tests.image.power_cut import (
    AFTERWARDS,
    WHILE_CUT,
    Desk,
    cut_the_client,
    digest,
    require_refused,
    wait_until_kept,
)
from tests.image.staff import Invigilator
from tests.image.stage import (
    START_SECONDS,
    STEP_SECONDS,
    Box,
    Stage,
    enrol,
    open_room,
    results_at_centre,
    set_up,
)
from tests.image.sticks_of_a_technician import make_mirror, play_install, wipe

WRITTEN, WHILE_DARK = "water evaporates ", " rain falls "
ELSEWHERE = "snow melts "
MEMORY = r"(\d+ MiB of \d+ are left)"


def play_sitting(stage: Stage) -> None:
    """Both machines lose their power in the middle, one after the other."""
    stage.say("power on: box and client, both for the first time")
    box = stage.boxes[0]
    box.machine.start()
    stage.client.start()
    plan = enrol(stage)
    invigilator = open_room(stage, plan)
    stage.say(f"memory of the box: {invigilator.wait_for('/check', MEMORY, seconds=60).group(1)}")
    attempt = sign_in(stage, plan, invigilator)
    write(stage, invigilator, attempt, WRITTEN)
    try_to_leave(stage, invigilator, attempt, WRITTEN)
    make_mirror(stage, box, invigilator)
    require_refused(stage.client, stage.work / "foreign.stick")
    stage.say("a stick that was put into the client was refused")
    pull_and_go_on(stage, invigilator, attempt)
    wait_until_kept(invigilator)
    desk = Desk(stage.client, attempt, plan["candidates"][0]["code"], RESPONSE_FIELD)
    cut_the_client(box.machine, desk, invigilator)
    stage.say("the plug of the client was pulled while the box was away: its words have arrived")
    hand_in(stage, invigilator)
    close(
        stage,
        box,
        plan,
        invigilator,
        WRITTEN + AFTER_WAYS_OUT + WHILE_DARK + WHILE_CUT + AFTERWARDS,
    )
    if digest(stage.own_disk) != stage.own_disk_digest:
        raise RuntimeError("the client's own disk was changed")
    stage.say("the client's own disk is as it was")
    wipe(stage, box, plan)


def play_take_over(stage: Stage) -> None:
    """The box dies for good; its standby takes over, and the dead one comes back as a follower."""
    stage.say("power on: two boxes and a client, all for the first time")
    box, standby = stage.boxes
    for machine in (box.machine, standby.machine, stage.client):
        machine.start()
    plan = enrol(stage)
    invigilator = open_room(stage, plan)
    deputy = standby.staff(plan)
    deputy.wait_for("/standby", r"</svg>\s*follows</span>", seconds=STEP_SECONDS)
    stage.say("the standby follows")
    attempt = sign_in(stage, plan, invigilator)
    write(stage, invigilator, attempt, WRITTEN)
    box.machine.pull_the_plug()
    type_on(stage, WHILE_DARK)
    deputy.wait_for("/standby", r"</svg>\s*silent</span>", seconds=STEP_SECONDS)
    stage.client.look("4-the-box-is-dead")
    deputy.take_over()
    taken_over = time.monotonic()
    deputy.wait_for(f"/candidates/{attempt}", WHILE_DARK.strip(), seconds=STEP_SECONDS)
    stage.say(f"taken over; {time.monotonic() - taken_over:.0f} s later the words are there")
    stage.client.look("5-at-the-standby")
    write(stage, deputy, attempt, ELSEWHERE)
    box.machine.start()
    stage.say(f"power to serving: {box.wait_until_serving():.0f} s, beside two machines")
    old = box.staff(plan)
    old.wait_for("/standby", r"</svg>\s*follows</span>", seconds=STEP_SECONDS)
    stage.say("the box that was dead is back and follows")
    hand_in(stage, deputy)
    close(stage, standby, plan, deputy, re.escape(WRITTEN + WHILE_DARK + ELSEWHERE))


def pull_and_go_on(stage: Stage, invigilator: Invigilator, attempt: str) -> None:
    """Pull the box's plug while the candidate writes, and start the box again."""
    box = stage.boxes[0]
    box.machine.pull_the_plug()
    type_on(stage, WHILE_DARK)
    time.sleep(5)
    stage.client.look("4-without-the-box")
    stage.say("the plug of the box was pulled; the candidate wrote on")
    box.machine.start()
    stage.say(f"power to serving: {box.wait_until_serving():.0f} s, beside the client")
    text = re.escape(WHILE_DARK.strip())
    invigilator.wait_for(f"/candidates/{attempt}", text, seconds=STEP_SECONDS)
    stage.client.look("5-box-is-back")
    stage.say("what was written meanwhile is on the box")


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


def main() -> None:
    """Play it."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("play", choices=("sitting", "take-over", "install"))
    options.add_argument("--images", type=Path, default=Path("build/image/out"))
    options.add_argument("--work", type=Path, default=Path("build/image-test"))
    given = options.parse_args()
    standbys = 1 if given.play == "take-over" else 0
    work = given.work.resolve() / given.play
    stage = set_up(given.images, work, standbys=standbys)
    try:
        match given.play:
            case "sitting":
                play_sitting(stage)
            case "take-over":
                play_take_over(stage)
            case "install":
                play_install(given.images, work, stage)
    finally:
        stage.power_off()


if __name__ == "__main__":
    main()
