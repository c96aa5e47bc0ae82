"""`examroom doctor room` and the page “Check the room”, on a real box."""

from __future__ import annotations

import json

from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox
from tests.integration.test_doctor import doctor
from tests.rig.box_process import CHIEF_PIN, BoxProcess


def _lines(box: BoxProcess) -> dict[str, dict[str, str]]:
    _, said = doctor(box, "room", "--json")
    return {one["name"]: one for one in json.loads(said)}


def test_command_says_what_is_there_and_what_only_the_server_knows(make_box: MakeBox) -> None:
    """Package, staff and ports are seen from outside; who reports is said to be unknown."""
    box = make_box(7, standby_count=1)
    box.settings |= {"candidate_port": box.candidate_port, "staff_port": box.staff_port}
    box.start()
    found = _lines(box)
    assert ("ok", "exam_ok", 7) == (
        found["exam"]["state"],
        found["exam"]["finding"],
        found["exam"]["values"]["n"],  # type: ignore[index]
    )
    assert "ports_ok" == found["ports"]["finding"]
    assert ("unknown", "unknown") == (found["clients"]["state"], found["standby"]["state"])
    box.terminate()
    assert "ports_silent" == _lines(box)["ports"]["finding"]


def test_package_that_is_not_there_stands_in_the_way(make_box: MakeBox) -> None:
    """The room is told the day before, not when the code is typed."""
    box = make_box(1)
    box.start()
    for package in (box.folder / "packages").iterdir():
        package.unlink()
    status, said = doctor(box, "room")
    assert (1, True) == (status, "The exam package is not on this box" in said), said
    assert said.strip().endswith("not ready")


def test_technician_sees_the_same_on_a_page(make_box: MakeBox) -> None:
    """With what only the serving box knows, and without any response."""
    box = make_box(3)
    box.start()
    technician = StaffDriver(box.staff_origin)
    technician.sign_in("tech", CHIEF_PIN)
    assert "/check" in technician.read("/box")
    page = technician.read("/check")
    assert "is here and can be released: 3 candidates" in page
    assert "No load test was run on this box." in page
