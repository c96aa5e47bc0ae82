"""A workstation reports to a real box; staff see it, let it go, start its browser anew."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from provisioning.demo.http import LoopbackSession
from tests.integration.conftest import MakeBox
from tests.rig.box_process import CHIEF_PIN, BoxProcess
from tests.rig.candidate_client import CandidateClient

DESK = "desk000000000001"
REPORT = {"kind": "kiosk", "version": "1.0", "name": "desk-1", "displays_count": 2}


def report(box: BoxProcess, body: Any, workstation: str = DESK) -> requests.Response:
    """Report as the kiosk does."""
    return requests.post(
        f"{box.origin}/api/v1/workstations/{workstation}/report", json=body, timeout=10
    )


class Staff:
    """A browser of staff, reduced to what is needed here."""

    def __init__(self, box: BoxProcess, name: str) -> None:
        self.origin = box.staff_origin
        self.session = LoopbackSession()
        self.post("/sign-in", staff_id=name, secret=CHIEF_PIN)

    def page(self, path: str = "/workstations") -> str:
        return self.session.get(self.origin + path, timeout=10).text

    def post(self, path: str, **fields: str) -> requests.Response:
        page = self.page("/sign-in" if path == "/sign-in" else "/workstations")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        fields["csrf_token"] = token[1] if token else ""
        return self.session.post(self.origin + path, data=fields, timeout=10, allow_redirects=False)


@pytest.fixture
def box(make_box: MakeBox) -> BoxProcess:
    """A started box whose room is open."""
    made = make_box()
    made.start()
    made.open_and_release()
    return made


def test_staff_see_a_workstation_and_let_it_go(box: BoxProcess) -> None:
    """Reported, shown with what wants a look, released, taken back, browser started anew."""
    wanted = {"release": False, "restart_browser": 0, "poll_seconds": 5, "conduct": ""}
    assert wanted == report(box, REPORT).json()
    chief = Staff(box, "chief")
    assert "desk-1" in chief.page()
    assert "2 displays" in chief.page()
    chief.post(f"/workstations/{DESK}/release", released="yes")
    chief.post(f"/workstations/{DESK}/restart-browser")
    wanted = report(box, REPORT).json()
    assert (True, 1) == (wanted["release"], wanted["restart_browser"])
    chief.post("/workstations/release", released="no")
    assert report(box, REPORT).json()["release"] is False


def test_technician_sees_and_does_not_release(box: BoxProcess) -> None:
    """Whoever looks after machines does not end anybody's exam."""
    report(box, REPORT)
    technician = Staff(box, "tech")
    assert "desk-1" in technician.page()
    assert "/release" not in technician.page()
    assert 403 == technician.post(f"/workstations/{DESK}/release", released="yes").status_code
    assert report(box, REPORT).json()["release"] is False


def test_seat_shows_when_a_candidates_page_names_its_workstation(box: BoxProcess) -> None:
    """The page tells with every exchange where it runs, so a box started anew knows, too."""
    report(box, REPORT)
    client = CandidateClient(box.origin, box.codes[0], "client0000")
    client.sign_in()
    box.staff().check_in_who_waits()
    answer = client.session.post(
        f"{box.origin}/api/v1/attempts/{client.attempt_id}/changes",
        json={"changes": [], "workstation": DESK},
        timeout=10,
    )
    assert answer.ok
    seat = answer.json()["seat"]
    assert seat
    assert f'<td class="num">{seat}</td>' in Staff(box, "chief").page()


@pytest.mark.parametrize(
    ("body", "workstation", "status"),
    [
        ({**REPORT, "name": "x" * 61}, DESK, 400),
        ({**REPORT, "name": "two\nlines"}, DESK, 400),
        ({**REPORT, "plugged": ["x"] * 9}, DESK, 400),
        ({**REPORT, "blocked_keys": 3}, DESK, 400),
        ({**REPORT, "blocked_keys_count": -1}, DESK, 400),
        ({**REPORT, "blocked_keys_count": 10_000}, DESK, 400),
        ({**REPORT, "blocked_keys_count": True}, DESK, 400),
        ({**REPORT, "conduct": "Alt+Tab"}, DESK, 400),
        ({**REPORT, "conduct": "x" * 33}, DESK, 400),
        ({**REPORT, "battery_percent": 101}, DESK, 400),
        (REPORT, "A-NAME-THAT-IS-NONE", 400),
        ({**REPORT, "name": "x" * 5000}, DESK, 413),
    ],
)
def test_what_the_protocol_does_not_say_is_refused(
    box: BoxProcess, body: dict[str, object], workstation: str, status: int
) -> None:
    """Anybody may call this address, so it takes nothing it does not know."""
    assert status == report(box, body, workstation).status_code
