"""Conduct in a real box: off as a rule, and in an exam that has it noted told, shown, on record."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests

from appliance.domain.journal import Entry
from appliance.storage.journals import all_entries
from tests.integration.conftest import MakeBox, writing_clients
from tests.integration.test_workstations import DESK, REPORT, Staff, report
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient

BASIS = "Section 7 of the rules of the school"
SECONDS_MAX = 15


def says(client: CandidateClient, desk: str = DESK) -> None:
    """Let the page of a candidate name its computer, as every exchange does."""
    answer = client.post("changes", {"changes": [], "workstation": desk})
    answer.raise_for_status()


def until(found: Callable[[], bool]) -> None:
    """Wait for the rounds of the box."""
    deadline = time.monotonic() + SECONDS_MAX
    while not found():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.2)


def asked(box: BoxProcess, client: CandidateClient) -> str:
    """Report until the box asks for blocked keys; return the name it gives."""
    until(lambda: says(client) is None and bool(report(box, REPORT).json()["conduct"]))
    return str(report(box, REPORT).json()["conduct"])


def counted(box: BoxProcess, name: str, count: int) -> requests.Response:
    """Report so many blocked keys under a name."""
    return report(box, {**REPORT, "conduct": name, "blocked_keys_count": count})


def conduct_of(box: BoxProcess) -> list[Entry]:
    """Return what the stopped box has on the record of conduct."""
    journal = box.journal()
    kinds = {"conduct_turned_on", "keys_blocked"}
    found = [one for one in all_entries(journal.database) if one.kind in kinds]
    journal.database.close()
    return found


@pytest.fixture
def noting_box(make_box: MakeBox) -> BoxProcess:
    """A box whose exam has conduct noted, and whose rounds are quick."""
    box = make_box(conduct_basis=BASIS, settings={"tick_seconds": 1})
    box.start()
    box.open_and_release()
    return box


def test_box_keeps_no_count_in_an_exam_that_has_no_conduct_noted(make_box: MakeBox) -> None:
    """Nothing is refused, nothing is asked, nothing is shown, nothing is on the record."""
    box = make_box(settings={"tick_seconds": 1})
    box.start()
    box.open_and_release()
    (first, _) = writing_clients(box)
    assert "" == first.session.get(f"{box.origin}/api/v1/me", timeout=10).json()["conduct_basis"]
    for _ in range(6):
        says(first)
        answer = counted(box, "0123456789abcdef", 3)
        assert (200, "") == (answer.status_code, answer.json()["conduct"])
        time.sleep(0.5)
    chief = Staff(box, "chief")
    assert "desk-1" in chief.page()
    assert "Keys blocked" not in chief.page()
    assert "Conduct" not in chief.page("/report")
    box.terminate()
    assert [] == conduct_of(box)


def test_count_is_shown_to_invigilators_and_goes_on_the_record(noting_box: BoxProcess) -> None:
    """And the technician, who looks after machines, sees nothing of it."""
    (first, second) = writing_clients(noting_box)
    me = first.session.get(f"{noting_box.origin}/api/v1/me", timeout=10).json()
    assert BASIS == me["conduct_basis"]
    name = asked(noting_box, first)
    counted(noting_box, name, 3)
    chief, technician = Staff(noting_box, "chief"), Staff(noting_box, "tech")
    assert "Keys blocked: 3" in chief.page()
    assert BASIS in chief.page()
    for path in ("/workstations", "/workstations/live"):
        page = technician.page(path)
        assert "desk-1" in page
        assert "Keys blocked" not in page
        assert BASIS not in page
    until(lambda: "Keys blocked: 3" in chief.page("/report"))
    report_page = chief.page("/report")
    assert "<h2>Conduct</h2>" in report_page
    assert BASIS in report_page
    # Another candidate sits down there: the report under way is of the one before.
    first.hand_in()
    until(lambda: says(second) is None and report(noting_box, REPORT).json()["conduct"] != name)
    assert counted(noting_box, name, 9).json()["conduct"] not in {"", name}
    noting_box.terminate()
    turned_on, blocked = conduct_of(noting_box)
    assert {"basis": BASIS} == turned_on.decoded_body()
    assert (first.attempt_id, "box") == (blocked.subject, blocked.actor)
    assert {
        "blocked_count": 3,
        "workstation": DESK,
        "reported_count": 3,
    } == blocked.decoded_body()


def test_box_that_was_killed_goes_on_counting_from_what_it_has(noting_box: BoxProcess) -> None:
    """The same name, and no key counted twice."""
    (first, _) = writing_clients(noting_box)
    name = asked(noting_box, first)
    counted(noting_box, name, 2)
    chief = Staff(noting_box, "chief")
    until(lambda: "Keys blocked: 2" in chief.page("/report"))
    noting_box.kill()
    noting_box.start()
    assert name == asked(noting_box, first)
    counted(noting_box, name, 3)
    chief = Staff(noting_box, "chief")
    assert "Keys blocked: 3" in chief.page()
    until(lambda: "Keys blocked: 3" in chief.page("/report"))
