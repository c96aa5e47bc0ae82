"""Plays: a box dies for good, and another leads its room on, as its standby or by its mirror."""

from __future__ import annotations

import re
import time

from tests.image.candidate import hand_in, sign_in, type_on, write
from tests.image.power_cut import WHILE_DARK
from tests.image.room import close, enrol, open_room
from tests.image.sitting import WRITTEN
from tests.image.staff import Invigilator
from tests.image.stage import STEP_SECONDS, Stage
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

    It ends when the spare leads: computers go on by themselves at a spare that has the dead box's
    address (docs/operating/dead-box.md), and this one has its own.
    """
    stage.say("power on: two boxes and a client, all for the first time")
    box, spare = stage.boxes
    for machine in (box.machine, spare.machine, stage.client):
        machine.start()
    plan = enrol(stage)
    spare.machine.pull_the_plug()
    invigilator = open_room(stage, plan)
    attempt = sign_in(stage, plan, invigilator)
    write(stage, invigilator, attempt, WRITTEN)
    mirror = make_mirror(stage, box, invigilator)
    box.machine.pull_the_plug()
    dead_since = time.monotonic()
    spare.machine.start()
    spare.wait_until_serving()
    spare.machine.put_in(mirror, "mirror")
    deputy = spare.staff(plan)
    deputy.wait_for("/standby", "as it was at", seconds=STEP_SECONDS)
    stage.say(f"the spare has the room {time.monotonic() - dead_since:.0f} s after the box died")
    deputy.take_over()
    deputy.wait_for(f"/candidates/{attempt}", WRITTEN.strip(), seconds=STEP_SECONDS)
    stage.say("the spare leads the room, with what the mirror stick had")


def _take_over(stage: Stage, deputy: Invigilator, attempt: str) -> None:
    deputy.take_over()
    taken_over = time.monotonic()
    deputy.wait_for(f"/candidates/{attempt}", WHILE_DARK.strip(), seconds=STEP_SECONDS)
    stage.say(f"taken over; {time.monotonic() - taken_over:.0f} s later the words are there")
    stage.client.look("5-at-the-other-box")
