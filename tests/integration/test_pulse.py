"""systemd hears that the box lives only while the box does its work."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.conftest import MakeBox
from tests.rig.box_process import BoxProcess
from tests.rig.service_line import ServiceLine
from tests.rig.small_disk import SmallDisk
from tests.rig.small_exam import small_exam

WATCHDOG_SECONDS = 4
SOON_SECONDS = 10
"""Far longer than a beat takes here, so that a slow machine does not fail the test."""
DISK_BYTES = 32 * 2**20
SILENCE_SECONDS = 3
"""Three beats."""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[ServiceLine]:
    """Return what plays systemd."""
    with ServiceLine(tmp_path, watchdog_seconds=WATCHDOG_SECONDS) as made:
        yield made


def _start(box: BoxProcess, line: ServiceLine) -> None:
    box.environment = line.environment | {"EXAMROOM_TEST_STUCK": str(box.folder)}
    box.prefix = (sys.executable, "-m", "tests.rig.stuck_box")
    box.start()


def test_box_is_ready_only_once_it_serves(make_box: MakeBox, line: ServiceLine) -> None:
    """Whoever is ordered after the box finds both applications there."""
    box = make_box()
    stuck = box.folder / "page"
    stuck.touch()
    starting = threading.Thread(target=_start, args=(box, line))
    starting.start()
    assert not line.hears("READY=1", within_seconds=SILENCE_SECONDS, messages_max=1)

    stuck.unlink()
    assert line.hears("READY=1", within_seconds=SOON_SECONDS)
    assert requests.get(f"{box.origin}/health", timeout=5).ok
    starting.join()


@pytest.mark.parametrize("part", ["writer", "page"])
def test_pats_stop_while_a_part_is_stuck(make_box: MakeBox, line: ServiceLine, part: str) -> None:
    """A process that runs and does not save, or does not answer, is one that does not live."""
    box = make_box()
    _start(box, line)
    box.open_and_release()
    assert line.is_pat(within_seconds=SOON_SECONDS)

    line.forget()
    (box.folder / part).touch()
    line.is_pat(within_seconds=1)  # one may have been under way
    assert not line.is_pat(within_seconds=SILENCE_SECONDS)

    (box.folder / part).unlink()
    assert line.is_pat(within_seconds=SOON_SECONDS)


@pytest.mark.parametrize("worker", ["follower", "lookout"])
def test_pats_stop_when_a_worker_has_ended(
    make_box: MakeBox, line: ServiceLine, worker: str
) -> None:
    """A standby that silently follows no more, or a box that looks out no more, is started anew."""
    box = make_box()
    _start(box, line)
    if worker == "lookout":
        box.open_and_release()
    assert line.is_pat(within_seconds=SOON_SECONDS)

    line.forget()
    (box.folder / worker).touch()
    line.is_pat(within_seconds=1)  # one may have been under way
    assert not line.is_pat(within_seconds=SILENCE_SECONDS)


def test_full_disk_does_not_stop_the_pats(tmp_path: Path, line: ServiceLine) -> None:
    """A restart makes no space; it would only take the room down in the exam."""
    disk = SmallDisk(tmp_path / "disk", DISK_BYTES)
    disk.mount()
    box = BoxProcess(disk.folder / "box", small_exam(), candidates=1)
    try:
        _start(box, line)
        box.open_and_release()
        log = box.folder / "log"
        deadline = time.monotonic() + 6 * SOON_SECONDS
        while b"pulse_write_refused" not in log.read_bytes():
            assert time.monotonic() < deadline, "the disk never was full"
            disk.fill_up()  # again and again: the disk guard gives up its reserve in steps
            assert line.is_pat(within_seconds=SOON_SECONDS)
        assert all(line.is_pat(within_seconds=SOON_SECONDS) for _ in range(5))
    finally:
        box.kill()
        disk.pull()


def test_stopping_is_said(make_box: MakeBox, line: ServiceLine) -> None:
    """systemd then waits for what is being saved, and does not call it a failure."""
    box = make_box()
    _start(box, line)
    assert line.hears("READY=1", within_seconds=SOON_SECONDS)
    assert 0 == box.terminate()
    assert line.hears("STOPPING=1", within_seconds=SOON_SECONDS)
