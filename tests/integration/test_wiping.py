"""A wiped box keeps nothing; a box that has something of its own is not wiped by mistake."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.formats.keys import (
    BoxIdentity,
    create_box_identity,
    load_box_identity,
)
from appliance.formats.signing import SignatureWrongError
from appliance.formats.wipe_certificate import (
    WipeCertificate,
    read_wipe_certificate,
    write_wipe_certificate,
)
from appliance.platform.clock import SystemClock
from appliance.platform.credentials import load_or_create_key
from appliance.storage.box_store import BoxStore
from appliance.storage.reading import BOX_DATABASE_KEY
from provisioning.demo.processes import run_json
from sync.agent.agent import AgentPaths
from sync.agent.state import load_state
from sync.wiping import (
    BEGUN_FILE,
    BoxInUseError,
    BoxToWipe,
    NotAtTheCentreError,
    RoomNotClosedError,
    SealedKeysOutOfReachError,
    require_wipeable,
    wipe_box,
)
from tests.integration.conftest import MakeBox, writing_clients
from tests.integration.test_whole_exam import DELIVERY_SECONDS, WholeExam, _wait_until_complete
from tests.rig.box_process import CHIEF_PIN, SITTING, BoxProcess
from tests.rig.centre_receipt import put_receipt

BOX_USER = 65534
REFUSED = 3
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def box_in_an_exam(make_box: MakeBox) -> BoxProcess:
    """Return a box with a room in which somebody writes."""
    box = make_box(1)
    box.start()
    box.open_and_release()
    client = writing_clients(box)[0]
    client.write("ESSAY", "words")
    client.exchange()
    return box


@pytest.fixture
def stopped_box(box_in_an_exam: BoxProcess) -> BoxProcess:
    """Return a box whose room was closed, and that was stopped."""
    staff = box_in_an_exam.staff()
    staff._post("/room", f"/sittings/{SITTING}/end", secret=CHIEF_PIN)
    staff._post("/report", "/report", secret=CHIEF_PIN)
    box_in_an_exam.terminate()
    return box_in_an_exam


def _machine(box: BoxProcess) -> BoxToWipe:
    identity: BoxIdentity = load_box_identity(box.folder / "keys")
    nowhere = box.folder.parent / "credentials"
    return BoxToWipe(box.folder, nowhere, identity, box.centre.public, SystemClock())


def test_box_is_not_wiped_without_the_centre_s_signed_receipt(
    stopped_box: BoxProcess, tmp_path: Path
) -> None:
    """None, one that lacks the last entry, and one that somebody else signed."""
    before = sorted(stopped_box.folder.rglob("*"))
    target = tmp_path / "certificate"
    with pytest.raises(NotAtTheCentreError):
        wipe_box(_machine(stopped_box), target, reason="")
    assert set(before) <= set(stopped_box.folder.rglob("*"))
    put_receipt(stopped_box, behind=1)
    with pytest.raises(NotAtTheCentreError):
        wipe_box(_machine(stopped_box), target, reason="")
    put_receipt(stopped_box, is_forged=True)
    with pytest.raises(NotAtTheCentreError):
        wipe_box(_machine(stopped_box), target, reason="")
    assert not target.exists()


def test_nothing_is_left_of_a_wiped_box(stopped_box: BoxProcess, tmp_path: Path) -> None:
    """But the certificate, which says what was there and is the last thing the box signed."""
    machine = _machine(stopped_box)
    machine.credentials_dir.mkdir()
    (machine.credentials_dir / "box-database.key.cred").write_bytes(b"sealed")
    put_receipt(stopped_box)
    info = stopped_box.journal_info()
    wipe_box(machine, tmp_path / "certificate", reason="")
    left = [path.name for path in stopped_box.folder.rglob("*") if path.is_file()]
    assert [BEGUN_FILE] == left
    assert [] == list(machine.credentials_dir.iterdir())
    data = (tmp_path / "certificate").read_bytes()
    certificate = read_wipe_certificate(data, box=machine.box.public)
    (journal,) = certificate.journals
    assert (info.journal_id, True) == (journal.journal_id, journal.is_at_the_centre)
    with pytest.raises(SignatureWrongError):
        read_wipe_certificate(
            data.replace(b'"files_left":0', b'"files_left":1'), box=machine.box.public
        )


def test_box_whose_keys_root_has_sealed_is_wiped_by_its_own_user(
    stopped_box: BoxProcess, tmp_path: Path
) -> None:
    """As on the image: the mark of a sealed key is root's, and in a folder of the box's."""
    if os.geteuid() != 0:
        pytest.skip("only root can leave something behind that the box's user may not write")
    put_receipt(stopped_box)
    put = tmp_path / "stick"
    put.mkdir()
    for path in [stopped_box.folder, put, *stopped_box.folder.rglob("*")]:
        os.chown(path, BOX_USER, BOX_USER)
    mark = stopped_box.folder / "keys" / "staff-forms.sealed"
    mark.write_text("sealed")
    mark.chmod(0o644)
    _let_others_pass(tmp_path)
    assert 0 == _wiped_as(BOX_USER, _machine(stopped_box), put / "certificate")
    left = [path.name for path in stopped_box.folder.rglob("*") if path.is_file()]
    assert [BEGUN_FILE] == left


def test_box_is_not_wiped_by_whoever_cannot_reach_its_sealed_keys(
    stopped_box: BoxProcess, tmp_path: Path
) -> None:
    """As on a package's machine: they are in a folder of root's, which looks empty to others."""
    if os.geteuid() != 0:
        pytest.skip("only root can have a folder that the box's user may not read")
    put_receipt(stopped_box)
    machine = _machine(stopped_box)
    machine.credentials_dir.mkdir(mode=0o700)
    sealed = machine.credentials_dir / "box-database.key.cred"
    sealed.write_bytes(b"sealed")
    put = tmp_path / "stick"
    put.mkdir()
    for path in [stopped_box.folder, put, *stopped_box.folder.rglob("*")]:
        os.chown(path, BOX_USER, BOX_USER)
    _let_others_pass(tmp_path)
    before = sorted(stopped_box.folder.rglob("*"))
    assert REFUSED == _wiped_as(BOX_USER, machine, put / "certificate")
    assert (before, []) == (sorted(stopped_box.folder.rglob("*")), list(put.iterdir()))
    assert b"sealed" == sealed.read_bytes()


def _let_others_pass(folder: Path) -> None:
    """Pytest's folders are its user's alone; one of its workers has them one level deeper."""
    everybodys = Path(tempfile.gettempdir())
    for above in (folder, *folder.parents):
        if everybodys in above.parents:
            above.chmod(0o711)


def _wiped_as(user: int, machine: BoxToWipe, certificate: Path) -> int | None:
    worker = multiprocessing.get_context("fork").Process(
        target=_wipe_as, args=(user, machine, certificate)
    )
    worker.start()
    worker.join(30)
    return worker.exitcode


def _wipe_as(user: int, machine: BoxToWipe, certificate: Path) -> None:
    os.setgid(user)
    os.setuid(user)
    try:
        wipe_box(machine, certificate, reason="")
    except SealedKeysOutOfReachError:
        sys.exit(REFUSED)


def test_room_that_is_not_closed_stands_against_it(
    box_in_an_exam: BoxProcess, tmp_path: Path
) -> None:
    """While the box runs and when it was stopped, whatever reason stands on a stick."""
    machine = _machine(box_in_an_exam)
    put_receipt(box_in_an_exam)
    with pytest.raises(RoomNotClosedError):
        require_wipeable(machine, reason="somebody said so")
    box_in_an_exam.terminate()
    put_receipt(box_in_an_exam)
    target = tmp_path / "certificate"
    with pytest.raises(RoomNotClosedError):
        wipe_box(machine, target, reason="somebody said so")
    assert not target.exists()
    assert (box_in_an_exam.folder / "keys" / "box.identity").exists()


def test_room_that_another_box_took_over_does_not_stand_against_it(
    box_in_an_exam: BoxProcess,
) -> None:
    """Nobody can close it here any more: it is closed there."""
    machine = _machine(box_in_an_exam)
    box_in_an_exam.terminate()
    put_receipt(box_in_an_exam)
    info = box_in_an_exam.journal_info()
    key = load_or_create_key(BOX_DATABASE_KEY, box_in_an_exam.folder / "keys")
    store = BoxStore(box_in_an_exam.folder / "box.db", key)
    store.note_overtaken(info.journal_id, b"proof", 1)
    store.close()
    require_wipeable(machine, reason="")


def test_reason_stands_in_the_certificate_when_something_was_lost(
    stopped_box: BoxProcess, tmp_path: Path
) -> None:
    """A box that is given back to the school must go, and the centre learns what went with it."""
    machine = _machine(stopped_box)
    data = wipe_box(machine, tmp_path / "certificate", reason="only a practice")
    certificate = read_wipe_certificate(data, box=machine.box.public)
    assert "only a practice" == certificate.reason
    assert [False] == [one.is_at_the_centre for one in certificate.journals]


def test_wiping_that_was_cut_off_is_gone_on_with(
    stopped_box: BoxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes when the first keys are gone: the same certificate comes out."""
    machine = _machine(stopped_box)
    put_receipt(stopped_box)
    monkeypatch.setattr("shutil.rmtree", lambda _: (_ for _ in ()).throw(OSError("power")))
    with pytest.raises(OSError, match="power"):
        wipe_box(machine, tmp_path / "first", reason="")
    monkeypatch.undo()
    wipe_box(_machine(stopped_box), tmp_path / "second", reason="")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    left = [path.name for path in stopped_box.folder.rglob("*") if path.is_file()]
    assert [BEGUN_FILE] == left


def test_certificate_of_the_box_before_lets_nothing_be_wiped(
    stopped_box: BoxProcess, tmp_path: Path
) -> None:
    """It stays in the data when the machine becomes a new box."""
    before = create_box_identity("Before")
    wiped = WipeCertificate(box_id="before", centre_id="centre", wiped_at_ms=1, journals=[])
    (stopped_box.folder / BEGUN_FILE).write_bytes(write_wipe_certificate(wiped, box=before))
    with pytest.raises(NotAtTheCentreError):
        wipe_box(_machine(stopped_box), tmp_path / "certificate", reason="")
    assert not (tmp_path / "certificate").exists()


def test_running_box_is_not_wiped(make_box: MakeBox, tmp_path: Path) -> None:
    """It would go on saying “saved” into files that are gone."""
    box = make_box(1)
    box.start()
    with pytest.raises(BoxInUseError):
        wipe_box(_machine(box), tmp_path / "certificate", reason="anyway")
    assert (box.folder / "keys" / "box.identity").exists()


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[WholeExam]:
    """Return an exam that was planned and sent."""
    whole = WholeExam(tmp_path)
    whole.plan_and_send()
    yield whole
    whole.box_processes.stop()
    whole.centre_processes.stop()


@pytest.mark.slow
def test_centre_checks_what_a_box_says_of_its_end(exam: WholeExam, tmp_path: Path) -> None:
    """By the commands, from a real room to the centre's word that nothing is missing."""
    exam.start_centre()
    staff = exam.start_box()
    staff.open_room()
    staff.release(exam.facts["sitting_id"], exam.facts["release_code"])
    pin = exam.facts["staff"][0]["pin"]
    staff.start(exam.facts["sitting_id"])
    staff._post("/room", f"/sittings/{exam.facts['sitting_id']}/end", secret=pin)
    staff._post("/report", "/report", secret=pin)
    (evidence,) = _wait_until_complete(exam)["evidence"]
    state = AgentPaths(Path(exam.box)).state
    deadline = time.monotonic() + DELIVERY_SECONDS
    while evidence["contiguous_seq"] not in [
        one.acknowledged_seq for one in load_state(state).journals.values()
    ]:
        assert time.monotonic() < deadline, "the last receipt did not come"
        time.sleep(0.2)
    box_id = load_box_identity(Path(exam.box) / "keys").id
    certificate = tmp_path / "stick" / "box.wiped"
    certificate.parent.mkdir()
    command = [PROGRAMS / "examroom-sync", "wipe-box", "--data", exam.box, "--box", box_id]
    command += ["--certificate", certificate, "--credentials", tmp_path / "none"]
    looked = subprocess.run([*command, "--only-look"], timeout=60, check=False)
    assert (0, []) == (looked.returncode, list(certificate.parent.iterdir()))
    exam.box_processes.stop()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (0, True) == (done.returncode, "This box is wiped." in done.stdout), done.stderr
    said = run_json("examroom-central", "check-wipe", *exam.at_centre, str(certificate))
    assert ([], box_id, 1) == (said["not_here"], said["box_id"], len(said["journals"]))
