"""A play: an exam has conduct noted, and the candidate presses keys that would leave it."""

from __future__ import annotations

import time

from tests.image.candidate import SIGN_IN_SECONDS, sign_in, write
from tests.image.room import enrol, open_room
from tests.image.sitting import WRITTEN
from tests.image.stage import STEP_SECONDS, Stage

BASIS = "Section 3 of the rules for exams of this school."
BEFORE, DURING = 2, 3
"""How often Alt and Tab are pressed before the exam has begun, and while it is written."""
AFTERWARDS = "rain falls "


def play_conduct(stage: Stage) -> None:
    """Keys of the exam are counted and on the report, those before it are not."""
    stage.say("power on: box and client")
    stage.centre.conduct_basis = BASIS
    stage.boxes[0].machine.start()
    stage.client.start()
    plan = enrol(stage)
    invigilator = open_room(stage, plan)
    invigilator.wait_for("/workstations", BASIS, seconds=STEP_SECONDS)
    _press_alt_tab(stage, BEFORE)
    attempt = sign_in(stage, plan, invigilator)
    stage.client.look("3-instructions")
    # The heading has the keyboard, and the button comes next.
    stage.client.press("tab")
    stage.client.press("ret")
    time.sleep(SIGN_IN_SECONDS)
    write(stage, invigilator, attempt, WRITTEN)
    invigilator.wait_for("/workstations", "Keys blocked: 0<", seconds=STEP_SECONDS)
    _press_alt_tab(stage, DURING)
    invigilator.wait_for("/workstations", f"Keys blocked: {DURING}<", seconds=STEP_SECONDS)
    stage.say(f"{DURING} blocked keys are on the page of the computers, {BEFORE} before it are not")
    invigilator.wait_for("/report", f"Keys blocked: {DURING}<", seconds=STEP_SECONDS)
    stage.say("they are on the report")
    technician = stage.boxes[0].staff(plan, "technician")
    if "Keys blocked" in technician.read("/workstations"):
        raise RuntimeError("a technician reads how a candidate behaves")
    write(stage, invigilator, attempt, AFTERWARDS)


def _press_alt_tab(stage: Stage, times: int) -> None:
    for _ in range(times):
        stage.client.press("alt", "tab")
        time.sleep(1)
