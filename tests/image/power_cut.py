"""Steps of the plays: plugs that are pulled, and a stick that a client must not read.

What a candidate has written while the box was out of reach lies on the client's own stick,
encrypted.  The client starts again from it, the box comes back, and the words arrive before
anybody has given a code; then the candidate gives it and writes on.
"""

from __future__ import annotations

import re
import time
from typing import Any

from tests.image.candidate import WORKSTATION, type_on
from tests.image.staff import Invigilator
from tests.image.stage import STEP_SECONDS, Stage
from tests.image.sticks import make_stick

KEEPS = "Keeps unsent work"
PAGE_SECONDS = 60
"""Until a browser that was started anew has drawn its page, and the next one."""
WHILE_DARK, WHILE_CUT, AFTERWARDS = " rain falls ", "rivers run ", "to the sea "


def pull_the_box(stage: Stage, invigilator: Invigilator, attempt: str) -> None:
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


def pull_the_client(
    stage: Stage, plan: dict[str, Any], invigilator: Invigilator, attempt: str
) -> None:
    """Write while the box's cable is out, pull the client's plug, and see the words arrive."""
    client, box, page = stage.client, stage.boxes[0].machine, f"/candidates/{attempt}"
    invigilator.wait_for("/workstations", KEEPS, seconds=STEP_SECONDS)
    # The page learns a moment later that what it holds has a place.
    time.sleep(PAGE_SECONDS)
    box.cable("room", is_in=False)
    type_on(stage, WHILE_CUT)
    time.sleep(5)
    client.look("cut-1-written")
    client.pull_the_plug()
    client.start()
    box.cable("room", is_in=True)
    invigilator.wait_for(page, re.escape(WHILE_CUT.strip()), seconds=STEP_SECONDS)
    stage.say("the plug of the client was pulled while the box was away: its words have arrived")
    time.sleep(PAGE_SECONDS)
    client.look("cut-2-started-again")
    # The heading has the keyboard, and the field comes next.
    client.press("tab")
    client.type(plan["candidates"][0]["code"].lower())
    client.press("ret")
    time.sleep(PAGE_SECONDS)
    type_on(stage, AFTERWARDS)
    text = re.escape(f"{WHILE_CUT}{AFTERWARDS}".strip())
    invigilator.wait_for(page, text, seconds=STEP_SECONDS)
    client.look("cut-3-wrote-on")
    computers = set(re.findall(WORKSTATION, invigilator.read("/workstations")))
    if len(computers) != 1:
        raise RuntimeError(f"the client has come back as another computer: {computers}")


def put_a_stick_into_the_client(stage: Stage) -> None:
    """Put a stick into the running client: not one block of it may be read."""
    stage.client.put_in(make_stick(stage.work / "foreign.stick"), "foreign")
    time.sleep(20)
    reads = stage.client.reads_of("foreign")
    stage.client.take_out("foreign")
    if reads:
        raise RuntimeError(f"the client has read a stick that was put in: {reads} times")
    stage.say("a stick that was put into the client was refused")
