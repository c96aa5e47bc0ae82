"""A room of two boxes: one leads, one follows, and they can change places."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from appliance.rehearsal.load import Timing
from benchmarks.rooms import Room, open_writing_room
from benchmarks.timed_standby import NOTES, TIMED_STANDBY, Noted, read_notes
from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam

COPIED_SECONDS_MAX = 60


@dataclass(slots=True)
class Pair:
    """A room, in which `room.box` leads and `standby` follows."""

    room: Room
    standby: BoxProcess

    def start_standby(self, environment: dict[str, str] | None = None) -> None:
        """Start the box that follows; it notes what becomes durable there."""
        self.standby.environment = {NOTES: str(notes_of(self.standby))} | (environment or {})
        self.standby.start(*TIMED_STANDBY)

    def restart(self, environment: dict[str, str]) -> None:
        """Let both go on with other disks."""
        self.standby.terminate()
        self.room.restart(environment=environment)
        self.start_standby(environment)
        self.wait_until_copied()

    def notes(self) -> list[Noted]:
        """Return what became durable at the box that follows, and when."""
        return read_notes(notes_of(self.standby))

    def change_places(self) -> None:
        """Say that the one that followed leads now."""
        self.room.box, self.standby = self.standby, self.room.box

    def wait_until_copied(self) -> None:
        """Wait until everything that is saved is in two places; the last save is made here."""
        self.room.save(Timing(5, requests_max=1), 1)
        deadline = time.monotonic() + COPIED_SECONDS_MAX
        person = self.room.people[0]
        address = f"{self.room.box.origin}/api/v1/attempts/{person.attempt_id}/changes"
        shown = {"Authorization": f"Bearer {person.ticket}"}
        while True:
            answer = requests.post(address, json={"changes": []}, headers=shown, timeout=10)
            if answer.ok and answer.json()["safe"] == "two_places":
                return
            if time.monotonic() > deadline:
                log = (self.standby.folder / "log").read_text(encoding="utf-8")
                raise AssertionError(f"not in two places: {answer.text}\n{log[-2000:]}")
            time.sleep(0.05)


def notes_of(box: BoxProcess) -> Path:
    """Return where a box that follows notes what became durable."""
    return box.folder / "copy-notes"


@contextmanager
def open_pair(folder: Path, candidates: int) -> Iterator[Pair]:
    """Open a room in which everybody writes, and let a second box follow."""
    box = BoxProcess(folder, small_exam(), candidates, standby_count=1)
    pair = Pair(open_writing_room(box), box.standby())
    try:
        pair.start_standby()
        pair.wait_until_copied()
        yield pair
    finally:
        for one in (box, *box.standbys):
            one.kill()


def cpu_seconds(box: BoxProcess) -> float:
    """Return the processor time that a box's process has used."""
    if box.process is None:
        return 0.0
    # The name may hold spaces; after it come state and then numbers, utime the 12th of them.
    fields = Path(f"/proc/{box.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    ticks = sum(int(one) for one in fields.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def median_of(values: list[float]) -> float:
    """Return the median, not a number for nothing."""
    return statistics.median(values) if values else float("nan")
