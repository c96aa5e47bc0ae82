"""A room goes on at a spare box, from a mirror stick or from the disk of the dead one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from appliance.formats.keys import (
    RecoveryKey,
    create_recovery_key,
    load_box_identity,
    save_recovery_key,
)
from appliance.storage.journals import verify_journal
from appliance.storage.projections import load_state
from appliance.storage.reading import AttachmentReader
from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient

PROGRAMS = Path(sys.executable).parent
WAIT_SECONDS = 15


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that must come about by itself."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def rescue(box: BoxProcess, place: Path, *more: str) -> tuple[int, str]:
    """Run `examroom rescue` for a box; return its status and what it said."""
    command = [str(PROGRAMS / "examroom"), "rescue", str(place), "--data", str(box.folder), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def key_file(folder: Path, key: RecoveryKey) -> str:
    """Write a recovery key as the centre keeps it; return where."""
    return str(save_recovery_key(folder, key))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A stick below the folder where sticks are mounted."""
    folder = tmp_path / "media" / "stick"
    folder.mkdir(parents=True)
    return folder


class Mirroring:
    """The mirror process of a box, with one marked stick."""

    def __init__(self, box: BoxProcess, stick: Path) -> None:
        data = ("--data", str(box.folder))
        self._program = str(PROGRAMS / "examroom-sync")
        subprocess.run(
            [self._program, "mark-mirror", *data, "--stick", str(stick)],
            check=True,
            capture_output=True,
            timeout=30,
        )
        self._command = [self._program, "mirror", *data, "--sticks-under", str(stick.parent)]
        self._log = box.folder / "mirror-log"

    def __enter__(self) -> Mirroring:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)


def lies_there(stick: Path, box: BoxProcess) -> bool:
    """Say whether all of a dead box's newest journal lies on its stick for the spare."""
    head = box.journal().head_seq
    return any((stick / "examroom" / "for-boxes").glob(f"*/bundles/*-{head:08}.bundle"))


@pytest.fixture
def room(make_box: MakeBox) -> tuple[BoxProcess, BoxProcess, list[CandidateClient]]:
    """A box in which two candidates write, and a spare that has its papers and is off."""
    box = make_box(2, standby_count=1)
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    spare = box.standby()
    spare.standby_of = ""
    spare.start()
    return box, spare, clients


Room = tuple[BoxProcess, BoxProcess, list[CandidateClient]]


def take_the_place(spare: BoxProcess, box: BoxProcess) -> None:
    """Give the spare the address of the dead box, as docs/operating/dead-box.md says."""
    spare.terminate()
    spare.candidate_port = box.candidate_port
    spare.start()


def shows_the_copy(spare: BoxProcess) -> StaffDriver:
    """Wait until the standby's page shows the room that was brought in; return who looked."""
    staff = spare.staff()
    shown = "Room Test room as it was at"
    wait_until(lambda: shown in staff.read("/standby"), "the copy")
    return staff


def test_room_goes_on_at_a_spare_from_a_mirror_stick(room: Room, stick: Path) -> None:
    """All that was on the stick is there, the clients go on, the code opens the exam again."""
    box, spare, (ada, ben) = room
    with Mirroring(box, stick):
        ada.write("ESSAY", "before the box died")
        ada.exchange()
        box.kill()
        wait_until(lambda: lies_there(stick, box), "everything on the stick")
    ben.write("LETTER", "while there was no box")
    shutil.move(box.folder, box.folder.with_name("gone"))
    remaining_ms = ada.standing["remaining_ms"]

    status, said = rescue(spare, stick)
    assert (0, True) == (status, "Room Test room is here now: as it was at 20" in said)
    assert "opens with its release code" in said
    shows_the_copy(spare)
    take_the_place(spare, box)
    staff = shows_the_copy(spare)
    assert "reaches no box that leads" in staff.read("/standby")
    staff.take_over()
    ben.exchange()
    assert ([], True) == (ben.unsent, ben.standing["epoch"] > 1)
    ada.write("ESSAY", "before the box died, and after")
    ada.exchange()
    assert abs(remaining_ms - ada.standing["remaining_ms"]) < 6_000
    exam = f"{box.origin}/api/v1/attempts/{ada.attempt_id}/exam"
    assert 409 == ada.session.get(exam, timeout=10).status_code
    assert "enter the release code once more" in staff.read("/room")
    staff.release(SITTING, spare.release_code)
    assert 200 == ada.session.get(exam, timeout=10).status_code
    assert "enter the release code once more" not in staff.read("/room")
    assert "Exam opened on this box, too" in staff.read("/report")

    assert "has led it itself" in rescue(spare, stick)[1]
    spare.terminate()
    journal = spare.journal()
    assert verify_journal(journal) == journal.head_seq
    state = load_state(journal.database, journal.journal_id)
    values = {(key[0], key[1]): one.value for key, one in state.responses.items()}
    assert "before the box died, and after" == values[ada.attempt_id, "ESSAY"]
    assert "while there was no box" == values[ben.attempt_id, "LETTER"]


def test_room_goes_on_at_a_spare_from_the_disk_of_the_dead_box(room: Room, tmp_path: Path) -> None:
    """The recovery key opens it, the exam opens without the code, files of candidates are there."""
    box, spare, (ada, _ben) = room
    ada.write("ESSAY", "on the disk")
    ada.exchange()
    upload = upload_file(ada, b"%PDF-1.4 a map")
    box.kill()
    disk = box.folder.with_name("disk")
    shutil.move(box.folder, disk)
    for path in (disk / "journals").iterdir():
        path.chmod(0o400)
    before = {path: path.read_bytes() for path in (disk / "journals").iterdir()}

    assert "recovery.key" in rescue(spare, disk)[1]
    wrong = key_file(tmp_path / "wrong", create_recovery_key())
    assert 1 == rescue(spare, disk, "--recovery-key", wrong)[0]
    right = key_file(tmp_path / "right", spare.recovery)
    status, said = rescue(spare, disk, "--recovery-key", right)
    assert (0, True) == (status, "Room Test room is here now" in said)
    assert "1 files of candidates are here, 0 were damaged" in said
    assert "opens with its release code" not in said
    assert "is here already, just as far" in rescue(spare, disk, "--recovery-key", right)[1]
    assert before == {path: path.read_bytes() for path in (disk / "journals").iterdir()}
    assert [] == list((spare.folder / "rescue").iterdir())

    take_the_place(spare, box)
    shows_the_copy(spare)
    spare.staff().take_over()
    ada.exchange()
    exam = f"{box.origin}/api/v1/attempts/{ada.attempt_id}/exam"
    assert 200 == ada.session.get(exam, timeout=10).status_code
    spare.terminate()
    assert b"%PDF-1.4 a map" == file_of(spare, upload)


def upload_file(client: CandidateClient, data: bytes) -> str:
    """Upload a file; return its SHA-256."""
    name = sha256(data).hexdigest()
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/uploads/{name}"
    client.session.put(address, data=data, timeout=10).raise_for_status()
    return name


def file_of(box: BoxProcess, name: str) -> bytes | None:
    """Return an uploaded file as a box has it."""
    info = box.journal_info()
    with AttachmentReader(info.path, info.key) as reader:
        return reader.get(name)


def test_intact_beginning_is_brought_in_from_a_damaged_disk(room: Room, tmp_path: Path) -> None:
    """A page in the middle is gone: what came before goes on, what came after comes from pages."""
    box, spare, (ada, ben) = room
    for number in range(30):
        ada.write(
            "ESSAY", "".join(sha256(f"{number} {at}".encode()).hexdigest() for at in range(200))
        )
        ada.exchange()
    box.terminate()
    disk = box.folder.with_name("disk")
    shutil.move(box.folder, disk)
    (path,) = [one for one in (disk / "journals").glob("*.db") if "attach" not in one.name]
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(bytes(4096))

    right = key_file(tmp_path / "right", spare.recovery)
    status, said = rescue(spare, disk, "--recovery-key", right)
    assert (0, True) == (status, "What came after that is damaged there" in said)
    found = re.search(r"damaged there: ([0-9]+)", said)
    assert found is not None
    assert int(found.group(1)) > 10
    take_the_place(spare, box)
    shows_the_copy(spare)
    spare.staff().take_over()
    for client in (ada, ben):
        client.write("LETTER", "after the damage")
        client.exchange()
        assert [] == client.unsent
    spare.terminate()
    journal = spare.journal()
    assert verify_journal(journal) == journal.head_seq


def test_other_course_of_the_same_room_is_refused(room: Room, tmp_path: Path) -> None:
    """The disk and the spare went different ways: nothing of either is overwritten."""
    box, spare, (ada, _) = room
    ada.write("ESSAY", "first")
    ada.exchange()
    box.terminate()
    disk = box.folder.with_name("disk")
    shutil.copytree(box.folder, disk)
    box.start()
    ada.write("ESSAY", "one way")
    ada.exchange()
    box.kill()
    right = key_file(tmp_path / "right", spare.recovery)
    assert 0 == rescue(spare, box.folder, "--recovery-key", right)[0]
    other = BoxProcess(
        disk,
        box.exam,
        box.candidates,
        has_papers=True,
        candidate_port=box.candidate_port,
        staff_port=box.staff_port,
    )
    other.start()
    ada.write("ESSAY", "the other way")
    ada.exchange()
    other.kill()

    status, said = rescue(spare, disk, "--recovery-key", right)
    assert (1, True) == (status, "this box has another record of it" in said)
    assert "is here already, just as far" in rescue(spare, box.folder, "--recovery-key", right)[1]


def test_cut_and_foreign_sticks_give_what_they_can_and_nothing_else(
    room: Room, make_box: MakeBox, stick: Path
) -> None:
    """A torn last file costs what was in it; a second, whole stick brings the rest."""
    box, spare, (ada, _) = room
    with Mirroring(box, stick):
        lane = stick / "examroom" / "for-boxes"
        wait_until(lambda: any(lane.glob("*/bundles/*.bundle")), "the beginning on the stick")
        ada.write("ESSAY", "in a small bundle of its own")
        ada.exchange()
        box.kill()
        wait_until(lambda: lies_there(stick, box), "everything on the stick")
    (lane,) = lane.iterdir()
    whole = stick.with_name("whole")
    shutil.copytree(stick, whole)
    bundles = sorted((lane / "bundles").iterdir(), key=lambda one: one.name)
    assert 2 <= len(bundles)
    bundles[-1].write_bytes(bundles[-1].read_bytes()[:-20])

    stranger = make_box(1)
    assert "Nothing on this stick is for this box" in rescue(stranger, stick)[1]
    lane.rename(lane.with_name(load_box_identity(stranger.folder / "keys").id))
    assert "does not know" in rescue(stranger, stick)[1]
    lane.with_name(load_box_identity(stranger.folder / "keys").id).rename(lane)
    assert "There is no room in" in rescue(spare, stick.parent)[1]
    assert "What came after that is damaged there" in rescue(spare, stick)[1]
    status, said = rescue(spare, whole)
    assert (0, True, False) == (status, "goes further now" in said, "damaged" in said)
    assert "goes further than what was offered" in rescue(spare, stick)[1]
