"""`examroom doctor`: rehearsals on a real box, and looking into its journals."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from appliance.formats.keys import create_recovery_key, save_recovery_key
from appliance.rehearsal.drill import prove_recovery_key
from appliance.rehearsal.loadtest import (
    DISK_MIB_PER_SECOND_MIN,
    FSYNC_MS_MAX,
    SAVE_P50_MS_MAX,
    SAVE_P99_MS_MAX,
    SIGN_IN_MS_MAX,
    Figures,
    judge,
)
from appliance.settings import Settings
from appliance.web.staff.loadtest_words import remedy
from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import CHIEF_PIN, SITTING, BoxProcess

PROGRAM = str(Path(sys.executable).parent / "examroom")
WAIT_SECONDS = 60


def doctor(box: BoxProcess, *words: str) -> tuple[int, str]:
    """Run `examroom doctor` for a box; return its status and what it said."""
    command = [PROGRAM, "doctor", *words, "--data", str(box.folder)]
    command += ["--config", str(box._settings())] if words[0] != "verify" else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def fit() -> Figures:
    """Return the figures of a box that is just fit."""
    return Figures(
        candidates=30,
        sign_in_slowest_ms=SIGN_IN_MS_MAX,
        save_p50_ms=SAVE_P50_MS_MAX,
        save_p99_ms=SAVE_P99_MS_MAX,
        faster_p99_ms=SAVE_P99_MS_MAX,
        fsync_slowest_ms=FSYNC_MS_MAX,
        disk_mib_per_second=DISK_MIB_PER_SECOND_MIN,
        memory_mib=500,
        machine_mib=1000,
    )


def test_box_that_is_just_fit_passes() -> None:
    """The limits themselves are allowed."""
    assert [] == judge(fit())


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("errors", 1, "errors"),
        ("sign_in_slowest_ms", SIGN_IN_MS_MAX + 1, "sign_in"),
        ("save_p50_ms", SAVE_P50_MS_MAX + 1, "saves"),
        ("save_p99_ms", SAVE_P99_MS_MAX + 1, "saves"),
        ("faster_p99_ms", SAVE_P99_MS_MAX + 1, "saves"),
        ("fsync_slowest_ms", FSYNC_MS_MAX + 1, "fsync"),
        ("disk_mib_per_second", DISK_MIB_PER_SECOND_MIN - 1, "disk"),
        ("memory_mib", 501, "memory"),
    ],
)
def test_each_figure_that_is_too_bad_fails_with_a_remedy(name: str, value: float, key: str) -> None:
    """Somebody must know which, and what to do."""
    figures = fit()
    setattr(figures, name, value)
    assert [key] == judge(figures)
    assert remedy(key).endswith(".")


def test_load_test_plays_the_planned_room_and_leaves_nothing(make_box: MakeBox) -> None:
    """From the page of the box, by a technician: as many candidates as are planned."""
    box = make_box(7)
    box.start()
    before = sorted(path.name for path in box.folder.iterdir())
    technician = StaffDriver(box.staff_origin)
    technician.sign_in("tech", CHIEF_PIN)
    technician._post("/box", "/box/loadtest")
    deadline = time.monotonic() + WAIT_SECONDS
    while "Passed at" not in (page := technician.read("/box")) and "Failed at" not in page:
        assert time.monotonic() < deadline, "the load test did not end"
        time.sleep(0.3)
    assert "7 candidates, 0 errors" in page
    left = {path.name for path in box.folder.iterdir()} - set(before)
    assert left == {"loadtest.json", "loadtest.lock", "loadtest.toml"}
    assert not (box.folder / "journals").exists()
    box.terminate()


def test_rehearsals_are_refused_while_a_room_is_open(make_box: MakeBox) -> None:
    """On the box itself and on the standby that follows it."""
    box = make_box(1, standby_count=1)
    box.start()
    box.open_and_release()
    for words in (("loadtest", "--seconds", "3"), ("drill",)):
        assert (1, True) == _refused(doctor(box, *words))
    with pytest.raises(requests.HTTPError, match="409"):
        box.staff()._post("/people", "/box/loadtest")
    box.terminate()
    assert (1, True) == _refused(doctor(box, "drill"))


def _refused(done: tuple[int, str]) -> tuple[int, bool]:
    return done[0], "does not run while a room is open" in done[1]


def test_drill_goes_each_way_out_to_its_end(make_box: MakeBox, tmp_path: Path) -> None:
    """Mirror, standby and recovery key; another key fails, and the stick is left as it was."""
    box = make_box(1)
    box.start()
    box.terminate()
    stick = tmp_path / "stick"
    (stick / "examroom").mkdir(parents=True)
    right = str(save_recovery_key(tmp_path / "right", box.recovery))
    status, said = doctor(box, "drill", "--stick", str(stick), "--recovery-key", right)
    assert (0, 3) == (status, said.count(": passed: ")), said
    assert [stick / "examroom"] == list(stick.rglob("*"))
    assert not (box.folder / "rehearsal").exists()
    wrong = save_recovery_key(tmp_path / "wrong", create_recovery_key())
    proof = prove_recovery_key(Settings(data_dir=box.folder), wrong)
    assert (False, True) == (proof.passed, "recovery.key" in proof.remedy)


def test_verify_finds_damage_and_rebuilds_what_is_closed(make_box: MakeBox) -> None:
    """Every page, the chain and the files; an open room is looked at and no more."""
    box = make_box(1)
    box.start()
    staff = box.open_and_release()
    client = writing_clients(box)[0]
    client.write("ESSAY", "words")
    client.exchange()
    status, said = doctor(box, "verify", "--rebuild")
    assert (0, True) == (status, "intact; not rebuilt, because this room is not closed" in said)
    staff._post("/room", f"/sittings/{SITTING}/end", secret=CHIEF_PIN)
    staff._post("/report", "/report", secret=CHIEF_PIN)
    box.terminate()
    status, said = doctor(box, "verify", "--rebuild")
    assert (0, True) == (status, "intact; rebuilt; 0 files of candidates" in said)
    path = box.journal_info().path
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(bytes(4096))
    status, said = doctor(box, "verify")
    assert (1, True) == (status, f"The file {path.name} is damaged" in said)
