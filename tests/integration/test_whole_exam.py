"""A whole exam with every real part: centre, box, sync agent; and no centre from start to end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.formats.authored_exam import read_authored_exam, write_authored_exam
from appliance.platform.credentials import load_or_create_key
from appliance.storage.journals import open_journal, verify_journal
from appliance.storage.reading import BOX_DATABASE_KEY, list_journals
from provisioning.demo.processes import Processes, run_json
from provisioning.demo.staff_driver import StaffDriver
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from tests.rig.box_process import free_port
from tests.rig.candidate_client import CandidateClient

ROSTER = "number,given name,family name,seat,extra time %\n1,Ada,One,1,\n2,Bo,Two,2,50\n"
STAFF = "name,role\nChief,chief_invigilator\n"
DELIVERY_SECONDS = 60


class WholeExam:
    """The folders and processes of one exam."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.centre, self.box = str(folder / "centre"), str(folder / "box")
        self.ports = {name: free_port() for name in ("candidate", "staff", "centre")}
        self.at_centre = ("--data", self.centre, "--json")
        self.facts: dict[str, Any] = {}
        self.centre_processes = Processes(folder / "logs")
        self.box_processes = Processes(folder / "logs")

    def plan_and_send(self) -> None:
        """Do what an administrator and a technician do before the day."""
        run_json("examroom-central", "init", *self.at_centre)
        box_keys, centre_keys = str(self.folder / "b"), str(self.folder / "c")
        run_json("examroom-sync", "enrol", "--data", self.box, "--write-keys", box_keys)
        run_json("examroom-central", "write-keys", "--data", self.centre, centre_keys)
        run_json("examroom-sync", "enrol", "--data", self.box, "--centre-keys", centre_keys)
        enrolled = run_json("examroom-central", "enrol-box", *self.at_centre, "--keys", box_keys)
        exam = self.folder / "demo.exam"
        exam.write_bytes(write_authored_exam(import_exam(demo_exam_directory())))
        added = run_json("examroom-central", "add-exam", *self.at_centre, str(exam))
        (self.folder / "roster.csv").write_text(ROSTER)
        (self.folder / "staff.csv").write_text(STAFF)
        sitting = run_json(
            "examroom-central",
            *("add-sitting", *self.at_centre, "--exam", added["exam_id"], "--room", "R"),
            *("--box", enrolled["box_id"], "--roster", str(self.folder / "roster.csv")),
            *("--staff", str(self.folder / "staff.csv")),
        )
        self.facts = run_json(
            "examroom-central", "send", *self.at_centre, "--sitting", sitting["sitting_id"]
        )

    def start_centre(self) -> None:
        """Let the centre serve."""
        port = str(self.ports["centre"])
        self.centre_processes.start(
            "examroom-central", "serve", "--data", self.centre, "--port", port
        )
        self.centre_processes.wait_ready(f"http://localhost:{port}/")

    def start_box(self) -> StaffDriver:
        """Let the box and its agent run; return the staff's browser, signed in."""
        self.box_processes.start(
            "examroom",
            *("serve", "--data", self.box, "--room", "R", "--no-announce"),
            *("--candidate-port", str(self.ports["candidate"])),
            *("--staff-port", str(self.ports["staff"])),
        )
        self.box_processes.wait_ready(f"{self.candidate_origin}/health")
        centre = f"http://localhost:{self.ports['centre']}"
        self.box_processes.start("examroom-sync", "run", "--data", self.box, "--centre", centre)
        staff = StaffDriver(f"http://localhost:{self.ports['staff']}")
        chief = self.facts["staff"][0]
        staff.wait_for_mailbox(chief["staff_id"])
        staff.sign_in(chief["staff_id"], chief["pin"])
        return staff

    @property
    def candidate_origin(self) -> str:
        """Return the candidates' address."""
        return f"http://localhost:{self.ports['candidate']}"

    def results(self) -> dict[str, Any]:
        """Return what the centre says of the sitting."""
        command = str(Path(sys.executable).parent / "examroom-central")
        printed = subprocess.run(
            [command, "results", "--data", self.centre, "--sitting", self.facts["sitting_id"]],
            capture_output=True,
            check=True,
        ).stdout
        found: dict[str, Any] = json.loads(printed)
        return found


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[WholeExam]:
    """Return an exam that was planned and sent."""
    whole = WholeExam(tmp_path)
    whole.plan_and_send()
    yield whole
    whole.box_processes.stop()
    whole.centre_processes.stop()


@pytest.mark.slow
def test_results_arrive_complete_and_once_when_there_was_no_centre_all_day(
    exam: WholeExam,
) -> None:
    """The centre is gone from before the first seat until after the last hand-in."""
    exam.start_centre()
    staff = exam.start_box()
    staff.open_room()
    exam.centre_processes.stop()
    staff.release(exam.facts["sitting_id"], exam.facts["release_code"])
    clients = [
        CandidateClient(exam.candidate_origin, one["code"], f"browser{one['number']:0>4}")
        for one in exam.facts["candidates"]
    ]
    for client in clients:
        client.sign_in()
    assert 2 == staff.check_in_who_waits()
    staff.start(exam.facts["sitting_id"])
    item = next(
        one
        for one in read_authored_exam((exam.folder / "demo.exam").read_bytes()).exam.items()
        if one.interactions and one.interactions[0].kind == "extended_text"
    )
    for client in clients:
        client.exchange()
        for number in range(30):
            text = f"Text {number} of {client.client_id}"
            client.write(item.item_id, text, item.interactions[0].response_id)
            client.exchange()
        assert 200 == client.hand_in().status_code
    pin = exam.facts["staff"][0]["pin"]
    staff._post("/room", f"/sittings/{exam.facts['sitting_id']}/end", secret=pin)
    staff._post("/report", "/report", secret=pin)
    assert "the centre has not confirmed everything yet" in staff.read("/prepare")

    exam.start_centre()
    found = _wait_until_complete(exam)
    _wait_until_staff_read_it(staff)

    assert ["1", "2"] == sorted(row["number"] for row in found["results"])
    for row in found["results"]:
        assert "closed" == row["state"]
        given = [one["value"] for one in row["responses"] if one["item_id"] == item.item_id]
        assert [f"Text 29 of browser{row['number']:0>4}"] == given
    exam.box_processes.stop()
    key = load_or_create_key(BOX_DATABASE_KEY, Path(exam.box) / "keys")
    (info,) = list_journals(Path(exam.box), key)
    assert info.sealed
    journal = open_journal(info.path, info.key, info.journal_id)
    assert journal.head_seq == verify_journal(journal)
    (evidence,) = found["evidence"]
    assert journal.head_seq == evidence["contiguous_seq"]
    assert journal.head_hash.hex() == evidence["head_hash"]


def _wait_until_staff_read_it(staff: StaffDriver) -> None:
    deadline = time.monotonic() + DELIVERY_SECONDS
    while "the centre has everything" not in staff.read("/prepare"):
        assert time.monotonic() < deadline
        time.sleep(1)


def _wait_until_complete(exam: WholeExam) -> dict[str, Any]:
    deadline = time.monotonic() + DELIVERY_SECONDS
    while True:
        found = exam.results()
        if found["evidence"] and found["evidence"][0]["state"] == "sealed":
            return found
        assert time.monotonic() < deadline, f"not complete: {found['evidence']}"
        time.sleep(1)
