"""An update on its way through a real box: from the stick to the restart, and never in an exam."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from appliance.composition import make_box as open_box
from appliance.platform.system_image import SystemImage
from appliance.services.kept_update import UpdateFolder
from appliance.services.look_after_update import NEAR_MS, is_at_rest, look_after_update
from appliance.settings import Settings
from provisioning.demo.staff_driver import StaffDriver
from provisioning.system_update.boot_entries import entries_folder
from provisioning.system_update.command import update_once
from tests.integration.conftest import MakeBox
from tests.rig.box_process import CHIEF_PIN, SITTING, BoxProcess
from tests.rig.fixed_clock import FixedClock
from tests.rig.two_versions import IMAGE, OWN_VERSION, TwoVersions, kernel_file, make_two_versions

NEW = "1.1.0"
WAIT_SECONDS = 15
AS_IMAGE = (sys.executable, "-m", "tests.rig.image_machine")


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def _box(make_box: MakeBox, machine: TwoVersions) -> BoxProcess:
    """Return a box of the machine's centre; its pages say what its installing program says."""
    environment = {
        "EXAMROOM_TEST_VERSION": OWN_VERSION,
        "EXAMROOM_TEST_STATE": str(machine.state),
    }
    return make_box(
        given_centre=machine.centre.identity,
        prefix=AS_IMAGE,
        environment=environment,
        settings={"tick_seconds": 1},
    )


def _kept(box: BoxProcess) -> UpdateFolder:
    return UpdateFolder(box.folder)


def _carry(box: BoxProcess, stick: Path) -> str:
    """Do what the box's unit does when a stick is put in."""
    command = [*AS_IMAGE, str(Path(sys.executable).parent / "examroom-sync"), "carry"]
    command += ["--data", str(box.folder), "--stick", str(stick)]
    environment = os.environ | box.environment
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    return done.stdout


def _install(box: BoxProcess, machine: TwoVersions, version: str = OWN_VERSION) -> str:
    """Do what the box's unit does when the exam server asks."""
    runs = replace(machine.machine, running=SystemImage(IMAGE, version))
    return update_once(runs, box.folder, machine.state, machine.clock)


def _technician(box: BoxProcess) -> StaffDriver:
    driver = StaffDriver(box.staff_origin)
    driver.sign_in("tech", CHIEF_PIN)
    return driver


@pytest.fixture
def machine(tmp_path: Path) -> TwoVersions:
    """Return the disk, the stick and the centre of an update."""
    (tmp_path / "machine").mkdir()
    return make_two_versions(tmp_path / "machine")


def test_update_comes_by_stick_and_the_technician_restarts(
    make_box: MakeBox, machine: TwoVersions
) -> None:
    """Arrived, installed, restarted: each step shows on the page of the box."""
    box = _box(make_box, machine)
    box.start()
    technician = _technician(box)
    assert f"This box runs version {OWN_VERSION}." in technician._get("/box")
    wait_until(_kept(box).rest_sign.exists)
    machine.write_stick(NEW)

    assert "Took an update from the stick." in _carry(box, machine.stick)
    assert f"Version {NEW} has arrived." in technician._get("/box")
    wait_until(_kept(box).install_request.exists)
    assert f"Version {NEW} is installed." in _install(box, machine)

    page = technician._get("/box")
    assert f"Version {NEW} is installed." in page
    assert "has arrived" not in page
    wait_until(lambda: not _kept(box).ready.exists())
    technician._post("/box", "/box/restart", back="/box")
    assert _kept(box).restart_request.exists()


def test_only_a_technician_restarts_and_never_while_a_room_is_open(
    make_box: MakeBox, machine: TwoVersions
) -> None:
    """An invigilator has no such button, and with a room open nobody's press does anything."""
    box = _box(make_box, machine)
    box.start()
    wait_until(_kept(box).rest_sign.exists)
    machine.write_stick(NEW)
    _carry(box, machine.stick)
    wait_until(_kept(box).install_request.exists)
    _install(box, machine)
    chief, technician = box.staff(), _technician(box)
    assert "Restart with the new version" in technician._get("/box")
    assert "Restart with the new version" not in chief._get("/box")
    with pytest.raises(requests.HTTPError, match="403"):
        chief._post("/box", "/box/restart")

    chief.open_room()

    assert "Restart with the new version" not in technician._get("/box")
    with pytest.raises(requests.HTTPError, match="409"):
        technician._post("/standby", "/box/restart")
    assert not _kept(box).restart_request.exists()


def test_permission_is_gone_before_a_room_opens(make_box: MakeBox, machine: TwoVersions) -> None:
    """And it stays away until the room is closed, whatever happens to the exam server."""
    box = _box(make_box, machine)
    box.start()
    sign = _kept(box).rest_sign
    wait_until(sign.exists)
    chief = box.staff()

    chief.open_room()
    assert not sign.exists()
    box.kill()
    sign.touch()  # As if the room had opened a moment later, and the disk had lost that.
    box.start()
    assert not sign.exists()

    machine.write_stick(NEW)
    assert "update_waits" in _carry(box, machine.stick)
    chief = box.staff()
    assert "Updates wait until afterwards" in chief._get("/box")
    assert not _kept(box).install_request.exists()
    chief._post("/report", "/report", secret=CHIEF_PIN)
    wait_until(sign.exists)
    assert "Took an update from the stick." in _carry(box, machine.stick)


def test_what_is_refused_shows_on_the_page(make_box: MakeBox, machine: TwoVersions) -> None:
    """By the carrying and by the installing, with the sentence of the reason."""
    box = _box(make_box, machine)
    box.start()
    wait_until(_kept(box).rest_sign.exists)
    technician = _technician(box)
    machine.write_stick("0.9.0")
    _carry(box, machine.stick)
    assert "Version 0.9.0 is not newer than version 1.0.0" in technician._get("/box")

    machine.write_stick(NEW)
    _carry(box, machine.stick)
    wait_until(_kept(box).install_request.exists)
    document = _kept(box).read_ready(machine.centre.identity.public)
    assert document is not None
    _kept(box).part(document, "root").write_bytes(b"altered")
    _install(box, machine)

    assert "is missing, cut short or altered" in technician._get("/box")
    wait_until(lambda: not _kept(box).ready.exists())
    assert not _kept(box).install_request.exists()


def test_box_that_went_back_says_so(make_box: MakeBox, machine: TwoVersions) -> None:
    """systemd-boot has given the new version up after three tries."""
    box = _box(make_box, machine)
    given_up = entries_folder(machine.machine.esp) / f"{IMAGE}_{NEW}+0-3.efi"
    given_up.write_bytes(kernel_file(NEW))
    box.start()
    _install(box, machine)

    page = _technician(box)._get("/box")

    assert f"Version {NEW} did not come to serve, so the box went back to version" in page


HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("start_ms", "rests"),
    [
        (None, True),
        (100 * NEAR_MS, False),
        (100 * NEAR_MS + NEAR_MS - HOUR_MS, False),
        (100 * NEAR_MS + NEAR_MS + HOUR_MS, True),
        (100 * NEAR_MS - NEAR_MS + HOUR_MS, False),
        (100 * NEAR_MS - NEAR_MS - HOUR_MS, True),
    ],
)
def test_box_with_an_exam_within_a_day_is_not_at_rest(
    tmp_path: Path, start_ms: int | None, rests: bool
) -> None:
    """Whoever has tested the room for tomorrow has tested the version that will run tomorrow."""
    box = open_box(Settings(data_dir=tmp_path), clock=FixedClock(100 * NEAR_MS))
    sitting = {"sitting_id": SITTING, "planned_start_at": start_ms, "candidates": []}
    box.store.put_roster_sitting(roster_id="r", code_key=b"k", sitting=sitting, at_ms=0)

    look_after_update(box)

    assert rests == is_at_rest(box)
    assert rests == UpdateFolder(tmp_path).rest_sign.exists()
    box.store.close()
