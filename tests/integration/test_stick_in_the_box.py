"""A stick that is put into a box: what `examroom-sync carry` does, and what the staff page says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.platform.one_at_a_time import held_in_turn
from appliance.services.stick_report import BROKEN_OFF_AFTER_MS, stick_report_path
from sync.cli import STICK_LOCK, commands
from tests.integration.conftest import MakeBox
from tests.rig.box_process import BoxProcess


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A stick with the folder that says what it is for."""
    folder = tmp_path / "stick"
    (folder / "examroom").mkdir(parents=True)
    return folder


def put_in(box: BoxProcess, stick: Path) -> str:
    """Do what the box's unit does with a stick; return what it said."""
    command = ["carry", "--data", str(box.folder), "--stick", str(stick)]
    done = CliRunner().invoke(commands, command)
    assert (0, "") == (done.exit_code, str(done.exception or "")), done.output
    return done.output


def test_stick_that_carried_can_be_pulled(make_box: MakeBox, stick: Path) -> None:
    """The page says so with what it brought and took; before, it asks to leave the stick in."""
    box = make_box()
    box.start()
    box.open_and_release()
    assert "can be pulled" not in box.staff().read("/box")
    put_in(box, stick)
    page = box.staff().read("/box")
    assert "can be pulled. Files from the centre that it brought: 0." in page
    assert "Files with results that it has for the centre: 1." in page
    assert 1 == len(list(stick.rglob("*.bundle")))
    report = json.loads(stick_report_path(box.folder).read_bytes())
    stick_report_path(box.folder).write_text(json.dumps({**report, "is_done": False}))
    assert "Leave it in" in box.staff().read("/box")
    began_ms = report["at_ms"] - BROKEN_OFF_AFTER_MS - 60_000
    stick_report_path(box.folder).write_text(
        json.dumps({**report, "is_done": False, "at_ms": began_ms})
    )
    assert "was pulled too early, or is broken" in box.staff().read("/box")
    stick_report_path(box.folder).write_text("{")
    assert "stick that was put in" not in box.staff().read("/box")


def test_stick_with_the_file_make_mirror_becomes_one(make_box: MakeBox, stick: Path) -> None:
    """Once: the file is gone, the page says the name, and the next time nothing is carried."""
    box = make_box()
    box.start()
    asked = stick / "examroom" / "make-mirror"
    asked.touch()
    said = put_in(box, stick)
    assert not asked.exists()
    marker = (stick / "examroom" / "mirror.marker").read_bytes()
    name = said.split("mirror stick ")[1].split()[0]
    assert f"is now mirror stick {name} of this box" in box.staff().read("/box")
    put_in(box, stick)
    assert marker == (stick / "examroom" / "mirror.marker").read_bytes()
    assert not list(stick.rglob("*.bundle"))


def test_two_sticks_that_are_in_at_the_start_take_turns(
    make_box: MakeBox, stick: Path, tmp_path: Path
) -> None:
    """The second waits for the first, and both are carried."""
    box = make_box()
    box.start()
    second = tmp_path / "second"
    (second / "examroom").mkdir(parents=True)
    (box.folder / "sync").mkdir(exist_ok=True)
    carry = [str(Path(sys.executable).with_name("examroom-sync")), "carry", "--data"]
    with held_in_turn(box.folder / "sync" / STICK_LOCK):
        carrying = [
            subprocess.Popen([*carry, str(box.folder), "--stick", str(one)])
            for one in (stick, second)
        ]
        with pytest.raises(subprocess.TimeoutExpired):
            carrying[0].wait(4)
        assert carrying[1].poll() is None
        assert not stick_report_path(box.folder).exists()
    assert [0, 0] == [one.wait(30) for one in carrying]
    for one in (stick, second):
        assert list((one / "examroom" / "public-keys").iterdir())
