"""A room whose results go by stick alone: what staff read, and whether its box may be wiped."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.formats.keys import load_box_identity
from appliance.formats.wipe_certificate import read_wipe_certificate
from appliance.platform.clock import SystemClock
from provisioning.demo.processes import run_json
from sync.central.boxes import enrol_with_file
from sync.central.centre import create_centre, open_centre
from sync.wiping import BoxToWipe, NotAtTheCentreError, wipe_box
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import CHIEF_PIN, SITTING, BoxProcess

PROGRAMS = Path(sys.executable).parent
FILE = b"A map"


@pytest.fixture
def centre_dir(tmp_path: Path) -> Path:
    """Return the data of a centre."""
    create_centre(tmp_path / "centre", "Centre")
    return tmp_path / "centre"


@pytest.fixture
def box(make_box: MakeBox, centre_dir: Path) -> BoxProcess:
    """Return a box of that centre whose room was closed; a candidate has left a file."""
    centre = open_centre(centre_dir, None, SystemClock())
    made = make_box(1, given_centre=centre.identity)
    identity = load_box_identity(made.folder / "keys").public
    enrol_with_file(centre, identity.to_bytes(), actor="t", name="Box", room="Room")
    centre.engine.dispose()
    made.start()
    staff = made.open_and_release()
    client = writing_clients(made)[0]
    target = f"/api/v1/attempts/{client.attempt_id}/uploads/{hashlib.sha256(FILE).hexdigest()}"
    assert 200 == client.session.put(f"{made.origin}{target}", data=FILE, timeout=10).status_code
    assert 200 == client.hand_in().status_code
    staff._post("/room", f"/sittings/{SITTING}/end", secret=CHIEF_PIN)
    staff._post("/report", "/report", secret=CHIEF_PIN)
    return made


def _carry(box: BoxProcess, stick: Path) -> str:
    """Put the stick into the box, as the image does it."""
    command = [PROGRAMS / "examroom-sync", "carry", "--data", box.folder, "--stick", stick]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_box_whose_files_went_by_stick_is_confirmed_and_may_be_wiped(
    box: BoxProcess, centre_dir: Path, tmp_path: Path
) -> None:
    """There and back, by the commands; before the stick is back nothing counts as confirmed."""
    stick = tmp_path / "stick"
    (stick / "examroom").mkdir(parents=True)
    assert "1 files of candidates" in _carry(box, stick)
    at_centre = ("--data", str(centre_dir), "--json", "--stick", str(stick))
    taken = run_json("examroom-central", "import-bundles", *at_centre)
    assert ({"stored": 1}, {}) == (taken["files"], taken["refused"])
    assert "1 files" in box.staff().read("/prepare")

    assert "0 files of candidates" in _carry(box, stick)

    assert "the centre has everything" in box.staff().read("/prepare")
    box.terminate()
    identity = load_box_identity(box.folder / "keys")
    nowhere = tmp_path / "credentials"
    machine = BoxToWipe(box.folder, nowhere, identity, box.centre.public, SystemClock())
    for receipt in (box.folder / "sync" / "receipts").glob("*.files-receipt"):
        receipt.rename(receipt.with_suffix(".aside"))
        with pytest.raises(NotAtTheCentreError):
            wipe_box(machine, tmp_path / "certificate", reason="")
        receipt.with_suffix(".aside").rename(receipt)
    data = wipe_box(machine, tmp_path / "certificate", reason="")
    (journal,) = read_wipe_certificate(data, box=identity.public).journals
    assert (True, 0) == (journal.is_at_the_centre, journal.files_left)
