"""A play: one box and one client; both lose their power in the middle, one after the other."""

from __future__ import annotations

import re

from tests.image.candidate import (
    WAYS_OUT,
    hand_in,
    sign_in,
    try_to_leave,
    write,
    written_after,
)
from tests.image.disks import digest
from tests.image.power_cut import (
    AFTERWARDS,
    WHILE_CUT,
    WHILE_DARK,
    pull_the_box,
    pull_the_client,
    put_a_stick_into_the_client,
)
from tests.image.room import close, enrol, open_room
from tests.image.stage import Stage
from tests.image.sticks_of_a_technician import make_mirror, wipe

WRITTEN = "water evaporates "
MEMORY = r"(\d+ MiB of \d+ are left)"


def play_sitting(stage: Stage) -> None:
    """From two machines that were never on to a sealed result and a wiped box."""
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
    put_a_stick_into_the_client(stage)
    pull_the_box(stage, invigilator, attempt)
    pull_the_client(stage, plan, invigilator, attempt)
    hand_in(stage, invigilator)
    after = re.escape(WHILE_DARK + WHILE_CUT + AFTERWARDS)
    close(stage, box, plan, invigilator, WRITTEN + written_after(WAYS_OUT) + after)
    if digest(stage.own_disk) != stage.own_disk_digest:
        raise RuntimeError("the client's own disk was changed")
    stage.say("the client's own disk is as it was")
    wipe(stage, box, plan)
