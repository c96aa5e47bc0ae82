"""Setting the demo up, starting it, going on with it, and ending it cleanly."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from appliance.formats.authored_exam import read_authored_exam, write_authored_exam
from appliance.platform.files import write_durably
from appliance.platform.ids import new_id
from provisioning.demo.processes import Processes, free_port, run_json
from provisioning.demo.roster import ROSTER_CSV, STAFF_CSV, WRITING_COUNT
from provisioning.demo.simulated_candidate import SimulatedCandidate, start_candidates
from provisioning.demo.staff_driver import StaffDriver
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam

ROOM = "Room A 214"
STANDBY = "Standby of room A 214"
WANTED_PORTS = {
    "candidate": 8400,
    "staff": 8401,
    "standby's candidate": 8402,
    "standby's staff": 8403,
    "centre": 8500,
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the applications of the demo are."""

    candidate: str
    staff: str
    standby_candidate: str
    standby_staff: str
    centre: str


def run_demo(folder: Path, *, reset: bool, say: Callable[[str], None]) -> None:
    """Run the demo until it is interrupted."""
    if reset or not _is_ours(folder):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "demo.json").exists():
        _set_up(folder, say)
    facts = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    processes = Processes(folder / "logs")
    stop = threading.Event()
    threads: list[threading.Thread] = []
    _stop_on_signals(stop)
    try:
        addresses = _start(folder, processes, say)
        if not stop.is_set():
            threads = _bring_to_life(folder, facts, addresses, stop)
            say(_welcome(facts, addresses))
        while not stop.wait(1):
            # Killing the box is worth trying: the rest goes on, and the standby can take over.
            for words in processes.take_ended():
                say(f"{words}\nThe rest goes on; stopped and started anew, the demo has it again.")
    finally:
        stop.set()
        say("Stopping…")
        for thread in threads:
            thread.join(5)
        processes.stop()
        say("Stopped. `make demo` goes on from here; `make demo RESET=1` starts afresh.")


def _is_ours(folder: Path) -> bool:
    """Say whether a demo can go on: one of an earlier version has no standby and other tables."""
    return not (folder / "demo.json").exists() or (folder / "standby" / "keys").exists()


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def _set_up(folder: Path, say: Callable[[str], None]) -> None:
    """Make a centre and a box, import the exam, plan the sitting and send it."""
    centre = str(folder / "centre")
    say("Making a centre, a box and its standby…")
    exam = folder / "biology.exam"
    exam.write_bytes(write_authored_exam(import_exam(demo_exam_directory())))
    (folder / "roster.csv").write_text(ROSTER_CSV, encoding="utf-8")
    (folder / "staff.csv").write_text(STAFF_CSV, encoding="utf-8")
    made = run_json("examroom-central", "init", "--data", centre, "--name", "Demo centre", "--json")
    # In the demo nobody should have to choose a password first.
    password = new_id(16)
    run_json(
        "examroom-central",
        *("set-password", "--data", centre, "--name", made["administrator"]),
        typed=f"{password}\n",
    )
    at_centre = ("--data", centre, "--json")
    box_ids = [
        _enrol(folder, name, at_centre, shown)
        for name, shown in (("box", ROOM), ("standby", STANDBY))
    ]
    say("Importing the exam and sending it to the room…")
    added = run_json("examroom-central", "add-exam", *at_centre, str(exam))
    sitting = run_json(
        "examroom-central",
        "add-sitting",
        *at_centre,
        *("--exam", added["exam_id"], "--room", ROOM),
        *("--box", box_ids[0], "--box", box_ids[1]),
        *("--roster", str(folder / "roster.csv"), "--staff", str(folder / "staff.csv")),
    )
    sent = run_json("examroom-central", "send", *at_centre, "--sitting", sitting["sitting_id"])
    facts = sent | {
        "administrator": made["administrator"],
        "administrator_password": password,
        "clients": {one["number"]: new_id(16) for one in sent["candidates"]},
    }
    write_durably(folder / "demo.json", json.dumps(facts, indent=1).encode())


def _enrol(folder: Path, name: str, at_centre: tuple[str, ...], shown: str) -> str:
    """Make a box and the centre known to each other by files; return the box's id."""
    data, box_keys = str(folder / name), str(folder / f"{name}.keys")
    centre_keys = str(folder / "centre.keys")
    run_json("examroom-sync", "enrol", "--data", data, "--write-keys", box_keys, "--name", shown)
    run_json("examroom-central", "write-keys", "--data", at_centre[1], centre_keys)
    run_json("examroom-sync", "enrol", "--data", data, "--centre-keys", centre_keys)
    enrolled = run_json(
        "examroom-central", "enrol-box", *at_centre, "--keys", box_keys, "--room", ROOM
    )
    box_id: str = enrolled["box_id"]
    return box_id


def _start(folder: Path, processes: Processes, say: Callable[[str], None]) -> Addresses:
    ports = {name: free_port(wanted) for name, wanted in WANTED_PORTS.items()}
    for name, wanted in WANTED_PORTS.items():
        if ports[name] != wanted:
            say(f"Port {wanted} is in use, so the {name} pages are on port {ports[name]}.")
    addresses = Addresses(*(f"http://localhost:{port}" for port in ports.values()))
    centre = str(folder / "centre")
    processes.start("examroom-central", "serve", "--data", centre, "--port", str(ports["centre"]))
    processes.wait_ready(addresses.centre)
    for name, kind, more in (
        ("box", "", ()),
        ("standby", "standby's ", ("--standby-of", addresses.candidate)),
    ):
        data = str(folder / name)
        processes.start(
            "examroom",
            *("serve", "--data", data, "--room", ROOM, *more),
            *("--candidate-port", str(ports[f"{kind}candidate"])),
            *("--staff-port", str(ports[f"{kind}staff"])),
        )
        processes.start("examroom-sync", "run", "--data", data, "--centre", addresses.centre)
    for address in (addresses.candidate, addresses.standby_candidate):
        processes.wait_ready(f"{address}/health")
    return addresses


def _bring_to_life(
    folder: Path, facts: dict[str, Any], addresses: Addresses, stop: threading.Event
) -> list[threading.Thread]:
    """Run the room up to the start, the first time, and let the simulated candidates write."""
    chief = next(one for one in facts["staff"] if one["role"] == "chief_invigilator")
    staff = StaffDriver(addresses.staff)
    staff.wait_for_mailbox(chief["staff_id"])
    staff.sign_in(chief["staff_id"], chief["pin"])
    fresh = not (folder / "begun").exists()
    if fresh:
        staff.open_room()
        staff.release(facts["sitting_id"], facts["release_code"])
    elif not staff.room_is_open():
        return []
    exam = read_authored_exam((folder / "biology.exam").read_bytes()).exam
    candidates = [
        SimulatedCandidate(
            origin=addresses.candidate,
            code=one["code"],
            client_id=facts["clients"][one["number"]],
            exam=exam,
            seed=int(one["number"]),
            stop=stop,
        )
        for one in facts["candidates"][:WRITING_COUNT]
    ]
    for candidate in candidates:
        candidate.sign_in()
    if fresh:
        staff.check_in_who_waits()
        staff.start(facts["sitting_id"])
        (folder / "begun").touch()
    return start_candidates(candidates)


def _welcome(facts: dict[str, Any], addresses: Addresses) -> str:
    staff = facts["staff"]
    free = facts["candidates"][WRITING_COUNT:]
    lines = [
        "",
        f"  Candidates   {addresses.candidate}",
        *(
            f"                 {one['code']}  {one['given_name']} {one['family_name']}"
            for one in free
        ),
        "",
        f"  Staff        {addresses.staff}",
        *(
            f"                 {one['name']}, {one['role'].replace('_', ' ')}: PIN {one['pin']}"
            for one in staff
        ),
        f"                 release code {facts['release_code']} (used already)",
        "",
        f"  Standby      {addresses.standby_staff}",
        "                 a second box that follows; the same PINs, and “Take over the room”",
        "",
        f"  Centre       {addresses.centre}",
        f"                 {facts['administrator']}, password {facts['administrator_password']}",
        "",
        f"  {WRITING_COUNT} simulated candidates are writing. Sign in with one of the codes above,",
        "  then check yourself in on the staff pages. Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)
