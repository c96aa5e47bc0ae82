"""A play that measures: the memory of the box's image with 300 candidates who write."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from tests.image.room import enrol, open_room
from tests.image.staff import Invigilator, session_with
from tests.image.stage import Stage
from tests.rig.candidate_client import CandidateClient

CANDIDATES = 300
ROUNDS = 3
AT_ONCE = 16
"""As many as a room of slow computers has in flight; all stay connected."""
PATIENCE_SECONDS = 400
"""The machine is emulated; what it is measured for is its memory."""
ESSAY = "The sun warms the sea, water rises as vapour and falls again as rain or snow. " * 20
MEMORY = re.compile(r"(\d+) MiB of (\d+) are left")


def play_full_room(stage: Stage) -> None:
    """Sign everybody in, start, and let them write essays that are saved whole, again and again."""
    stage.say("power on: a box alone")
    box = stage.boxes[0]
    box.machine.start()
    plan = enrol(stage, candidates=CANDIDATES)
    invigilator = open_room(stage, plan)
    _say_memory(stage, invigilator, "with the room open")
    people = [
        CandidateClient(
            f"https://127.0.0.1:{box.port}",
            one["code"],
            f"crowd{number:04d}",
            PATIENCE_SECONDS,
            session_with(box.name, box.authority),
        )
        for number, one in enumerate(plan["candidates"])
    ]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(CandidateClient.sign_in, people))
        _say_memory(stage, invigilator, f"{len(people)} candidates are signed in")
        while invigilator.check_in_who_waits():
            pass
        invigilator.start(plan["sitting_id"])
        stage.say("everybody is checked in, and the exam runs")
        for number in range(ROUNDS):
            for one in people:
                one.write("item-1", f"{number} {ESSAY}")
            list(crowd.map(CandidateClient.exchange, people))
            if any(one.unsent for one in people):
                raise RuntimeError("not everything was saved")
            _say_memory(stage, invigilator, f"{len(people)} candidates have saved {number + 1}")


def _say_memory(stage: Stage, invigilator: Invigilator, when: str) -> None:
    found = invigilator.wait_for("/check", MEMORY.pattern, seconds=60)
    used = int(found.group(2)) - int(found.group(1))
    stage.say(f"{when}: {used} MiB of {found.group(2)} are in use")
