"""A mirror stick in a running exam: filled beside it, pulled out of it, and shown to staff."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.domain.journal import Entry
from appliance.formats.bundle import open_bundle
from appliance.formats.keys import load_or_create_box_identity
from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.small_disk import SmallDisk

WAIT_SECONDS = 15
PROGRAM = str(Path(sys.executable).parent / "examroom-sync")


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[SmallDisk]:
    """A stick of its own, below the folder where sticks are mounted."""
    disk = SmallDisk(tmp_path / "media" / "stick", 4 * 2**20)
    disk.mount()
    yield disk
    disk.pull()


@pytest.fixture
def mirror(running_box: BoxProcess, stick: SmallDisk) -> Iterator[BoxProcess]:
    """A running box whose mirror process follows, with a marked stick in it."""
    data = ("--data", str(running_box.folder))
    mark = [PROGRAM, "mark-mirror", *data, "--stick", str(stick.folder)]
    said = subprocess.run(mark, check=True, capture_output=True, timeout=30).stdout
    assert b"mirror stick" in said
    with (running_box.folder / "mirror-log").open("ab") as log:
        process = subprocess.Popen(
            [PROGRAM, "mirror", *data, "--sticks-under", str(stick.folder.parent)],
            stdout=log,
            stderr=log,
        )
    yield running_box
    process.terminate()
    assert process.wait(20) == 0, (running_box.folder / "mirror-log").read_text()


def _sticks(box: BoxProcess) -> list[dict[str, Any]]:
    path = box.folder / "sync" / "mirror.json"
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["sticks"] if path.exists() else []
    return found


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "the mirror did not get there"
        time.sleep(0.1)


def _on(box: BoxProcess, stick: Path) -> list[Entry]:
    identity = load_or_create_box_identity(box.folder / "keys", "")
    found: dict[int, Entry] = {}
    for path in (stick / "examroom" / "bundles").iterdir():
        for entry in open_bundle(path.read_bytes(), centre=box.centre, box=identity.public):
            found[entry.seq] = entry
    return [found[seq] for seq in sorted(found)]


def test_acknowledged_changes_are_on_the_mirror_stick_when_the_box_is_lost(
    mirror: BoxProcess, stick: SmallDisk
) -> None:
    """In, out in the middle of the exam, in again: saves go on, and it holds them in the end."""
    clients = writing_clients(mirror)
    for number in range(3):
        clients[0].write("ESSAY", f"text {number}")
        clients[0].exchange()
    _wait(lambda: bool(_sticks(mirror)) and any(_sticks(mirror)[0]["journals"].values()))
    assert "read back at" in mirror.staff()._get("/box")
    _wait(lambda: clients[0].exchange()["safe"] == "two_places")

    stick.pull()
    clients[0].write("ESSAY", "while it was out")
    assert clients[0].exchange()["acknowledged"] == clients[0].last_no
    _wait(lambda: _sticks(mirror) == [])
    assert "box" == clients[0].exchange()["safe"]
    assert "No mirror stick is in" in mirror.staff()._get("/box")

    stick.mount()
    data = ("--data", str(mirror.folder))
    mark = [PROGRAM, "mark-mirror", *data, "--stick", str(stick.folder)]
    subprocess.run(mark, check=True, capture_output=True, timeout=30)
    _wait(lambda: [one["state"] for one in _sticks(mirror)] == ["following"])
    mirror.kill()
    head = mirror.journal().head_seq
    _wait(lambda: list(_sticks(mirror)[0]["journals"].values()) == [head])

    entries = _on(mirror, stick.folder)
    assert [entry.seq for entry in entries] == list(range(1, head + 1))
    saved = [one.decoded_body().get("c") for one in entries if one.kind == "response_saved"]
    assert saved == list(clients[0].acknowledged)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("full", "The mirror stick is full. Put in another mirror stick."),
        ("failing", "The mirror stick does not keep what is written."),
        ("following", "The mirror stick does not answer."),
    ],
)
def test_stick_in_trouble_is_said_to_the_invigilator(
    running_box: BoxProcess, state: str, sentence: str
) -> None:
    """In the band of the room view and on the page of the box; the last one said it long ago."""
    status = running_box.folder / "sync" / "mirror.json"
    status.parent.mkdir(exist_ok=True)
    one = {
        "stick": "7K2M",
        "state": state,
        "error_key": "stick_full",
        "journals": {},
        "files_missing": 1,
        "damaged_count": 1,
        "verified_at_ms": 1,
    }
    status.write_text(json.dumps({"sticks": [one]}))
    staff = running_box.staff()

    assert sentence in staff._get("/room")
    assert sentence in staff._get("/box")
