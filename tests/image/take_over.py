"""Plays: a box dies for good, and another leads its room on, as its standby or by its mirror."""

from __future__ import annotations

import re
import time

from tests.image.candidate import hand_in, sign_in, type_on, write
from tests.image.power_cut import WHILE_DARK
from tests.image.room import bring_keys, close, enrol, make_plan, open_room, take_exam
from tests.image.sitting import WRITTEN
from tests.image.staff import Invigilator
from tests.image.stage import STEP_SECONDS, Box, Stage
from tests.image.sticks import copy_in, partition
from tests.image.sticks_of_a_technician import make_mirror

ELSEWHERE = "snow melts "
EVERYTHING = re.escape(WRITTEN + WHILE_DARK + ELSEWHERE)


def play_take_over(stage: Stage) -> None:
    """The standby takes over, and the dead box comes back as its follower."""
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
    _take_over(stage, deputy, attempt)
    write(stage, deputy, attempt, ELSEWHERE)
    box.machine.start()
    stage.say(f"power to serving: {box.wait_until_serving():.0f} s, beside two machines")
    old = box.staff(plan)
    old.wait_for("/standby", r"</svg>\s*follows</span>", seconds=STEP_SECONDS)
    stage.say("the box that was dead is back and follows")
    hand_in(stage, deputy)
    close(stage, standby, plan, deputy, EVERYTHING)


def play_rescue(stage: Stage) -> None:
    """The other box lay in a cupboard; the dead one's mirror stick brings the room to it.

    Its own stick had been written with the settings of the box that it stands in for, and the
    centre knows it under that name: so it has the address, and the computers go on by themselves.
    """
    stage.say("power on: the spare, for the first time, alone")
    box = stage.boxes[0]
    spare = _stand_in(stage)
    spare.machine.start()
    spare_id = bring_keys(stage, spare)
    spare.machine.pull_the_plug()
    stage.say("power on: the box and a client")
    box.machine.start()
    stage.client.start()
    box_id = bring_keys(stage, box)
    plan = make_plan(stage, [box_id, spare_id])
    take_exam(stage, box, box_id)
    invigilator = open_room(stage, plan)
    attempt = sign_in(stage, plan, invigilator)
    write(stage, invigilator, attempt, WRITTEN)
    mirror = make_mirror(stage, box, invigilator)
    box.machine.pull_the_plug()
    dead_since = time.monotonic()
    type_on(stage, WHILE_DARK)
    spare.machine.start()
    take_exam(stage, spare, spare_id)
    spare.machine.put_in(mirror, "mirror")
    deputy = spare.staff(plan)
    deputy.wait_for("/standby", "as it was at", seconds=STEP_SECONDS)
    stage.say(f"the spare has the room {time.monotonic() - dead_since:.0f} s after the box died")
    _take_over(stage, deputy, attempt)
    deputy.release(plan["sitting_id"], plan["release_code"])
    write(stage, deputy, attempt, ELSEWHERE)
    hand_in(stage, deputy)
    close(stage, spare, plan, deputy, EVERYTHING)


def _stand_in(stage: Stage) -> Box:
    """Write the second box's stick with the settings of the first."""
    first, other = stage.boxes
    settings = stage.work / "rooms" / first.machine.name / "room.toml"
    copy_in(partition(other.machine.disk, "EXAMROOM"), settings, "/room.toml")
    return Box(other.machine, first.name, other.port, other.authority)


def _take_over(stage: Stage, deputy: Invigilator, attempt: str) -> None:
    deputy.take_over()
    taken_over = time.monotonic()
    deputy.wait_for(f"/candidates/{attempt}", WHILE_DARK.strip(), seconds=STEP_SECONDS)
    stage.say(f"taken over; {time.monotonic() - taken_over:.0f} s later the words are there")
    stage.client.look("5-at-the-other-box")
