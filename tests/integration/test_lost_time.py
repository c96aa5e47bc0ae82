"""A switch fails: computers are away at once, and the invigilator decides about the time."""

from __future__ import annotations

import re
import time

import pytest

from appliance.storage.journals import rebuild_projections
from appliance.storage.projections import load_state
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient

LOST_AFTER_SECONDS = 10
WAIT_SECONDS = 30


@pytest.fixture
def clients(make_box: MakeBox) -> tuple[BoxProcess, list[CandidateClient]]:
    """Three candidates who write, in a room that misses a computer after ten seconds."""
    box = make_box(3, settings={"lost_after_seconds": LOST_AFTER_SECONDS, "tick_seconds": 1})
    box.start()
    box.open_and_release()
    return box, writing_clients(box)


def test_room_outage_is_one_proposal_that_is_granted_with_a_reason(
    clients: tuple[BoxProcess, list[CandidateClient]],
) -> None:
    """Shown at once as one outage, through a restart; given back by one tap; on the report."""
    box, candidates = clients
    before = [one.standing["remaining_ms"] for one in candidates]
    staff = box.staff()
    deadline = time.monotonic() + WAIT_SECONDS
    while staff._get("/lost-time").count("not back yet") < len(candidates):
        assert time.monotonic() < deadline, "nobody noticed"
        time.sleep(0.3)
    assert "The room was cut off" in staff._get("/lost-time")
    box.kill()
    box.start()
    staff = box.staff()
    for one in candidates:
        one.exchange()

    page = staff._get("/lost-time")
    assert page.count("to decide") == len(candidates)
    assert "All clocks stood still" in page
    assert "cut off. Open Lost time" in staff._get("/room")
    assert "Lost time" in staff._get(f"/candidates/{candidates[0].attempt_id}")
    lost_ids = re.findall(r'name="lost_id" value="(\d+)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    fields = {"csrf_token": token.group(1), "lost_id": lost_ids, "reason": "a switch"}
    answer = staff.session.post(
        f"{box.staff_origin}/lost-time", data={**fields, "decision": "give"}, timeout=10
    )
    assert "The time was given back." in answer.text
    again = staff.session.post(
        f"{box.staff_origin}/lost-time", data={**fields, "decision": "give"}, timeout=10
    )
    assert again.status_code == 409

    for one, remaining_ms in zip(candidates, before, strict=True):
        standing = one.exchange()
        assert standing["extended_seconds"] >= LOST_AFTER_SECONDS
        assert standing["remaining_ms"] > remaining_ms - 5_000
    report = staff._get("/report")
    assert report.count("given back (Chief: a switch)") == len(candidates)
    _check_rebuilt(box, len(candidates))


def _check_rebuilt(box: BoxProcess, count: int) -> None:
    box.kill()
    journal = box.journal()
    live = load_state(journal.database, journal.journal_id).lost_time
    assert [one.decision for one in live.values()] == ["granted"] * count
    assert live == rebuild_projections(journal).lost_time
    journal.database.close()
