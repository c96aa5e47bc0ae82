"""The disk guard: room for responses is kept by a file that can be given up.

`DATA/reserve` takes up space that nothing else can have then.  When the disk runs full the guard
gives it up step by step, so that responses can still be saved; when there is room again it takes
the space back.  Before that, candidates' files are refused, then documents wait: in that order.
Nothing of this needs a restart.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from appliance.platform.clock import Clock

RESERVE_DISK_SHARE = 8
"""The reserve is at most this part of the disk, so that a small one is not all reserve."""
STEPS = 8
"""In how many steps the reserve is given up.  One step is also what is kept free meanwhile."""
AMPLE_RESERVES = 4
"""With less free than so many reserves, staff see that there is little space."""

LOOK_EVERY_SECONDS = 1
SAMPLE_EVERY_MS = 60_000
SAMPLES_MAX = 61
FORECAST_AFTER_MS = 10 * 60_000
"""A shorter window says more about the database folding its log back than about the room."""
HOUR_MS = 3_600_000

HOURS_LOW = 8
HOURS_VERY_LOW = 2

_log = structlog.get_logger()


class DiskStage(StrEnum):
    """How far it has come, in the order in which things are given up."""

    AMPLE = "ample"
    NO_FILES = "no_files"
    RESPONSES_ONLY = "responses_only"
    RESERVE_IN_USE = "reserve_in_use"


@dataclass(frozen=True, slots=True)
class DiskView:
    """The disk as it is now.  `free_bytes` is without the reserve."""

    free_bytes: int
    reserve_bytes: int
    stage: DiskStage
    hours_left: int | None

    @property
    def tone(self) -> str:
        """Return "safe", "wait" or "trouble"."""
        hours = self.hours_left
        if self.stage is not DiskStage.AMPLE or (hours is not None and hours < HOURS_VERY_LOW):
            return "trouble"
        little = self.free_bytes < AMPLE_RESERVES * self.reserve_bytes
        return "wait" if little or (hours is not None and hours < HOURS_LOW) else "safe"


Sample = tuple[int, int]
"""(monotonic ms, bytes free above the reserve)"""


def forecast_hours(samples: Sequence[Sample]) -> int | None:
    """Return in how many whole hours the space above the reserve is used up, as it went lately.

    None while too little time was seen, or when nothing grows.
    """
    if not samples:
        return None
    (began_ms, before), (now_ms, left) = samples[0], samples[-1]
    used = before - left
    if now_ms - began_ms < FORECAST_AFTER_MS or used <= 0:
        return None
    return max(0, left) * (now_ms - began_ms) // (used * HOUR_MS)


def whole_reserve_bytes(total_bytes: int, reserve_max_bytes: int) -> int:
    """Return how large the reserve of a disk is."""
    return min(reserve_max_bytes, total_bytes // RESERVE_DISK_SHARE)


def documents_fit(folder: Path, *, reserve_max_bytes: int) -> bool:
    """Say whether the disk has room for what is not a response: documents, packages."""
    disk = shutil.disk_usage(folder)
    return disk.free >= whole_reserve_bytes(disk.total, reserve_max_bytes) // 2


class DiskGuard:
    """Looks at the disk of a box every second, and owns the file `reserve`.  Any thread may ask."""

    def __init__(self, data_dir: Path, *, reserve_max_bytes: int, clock: Clock) -> None:
        self._data_dir = data_dir
        self._reserve = data_dir / "reserve"
        self._reserve_max_bytes = reserve_max_bytes
        self._clock = clock
        self._lying_bytes: int | None = None
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk-guard", daemon=True)

    def start(self) -> None:
        """Make the reserve, and begin to watch."""
        self._look_calmly()
        self._thread.start()

    def stop(self) -> None:
        """End.  The reserve stays: it is kept for the next start too."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self._look_calmly()

    def _look_calmly(self) -> None:
        try:
            self.look()
        except OSError as problem:
            _log.warning("disk_guard_failed", error=problem.strerror or "")

    def look(self) -> None:
        """Give up some of the reserve or take it back, as there is room, and note how it is."""
        disk = shutil.disk_usage(self._data_dir)
        whole = whole_reserve_bytes(disk.total, self._reserve_max_bytes)
        if self._lying_bytes is None:
            self._lying_bytes = self._reserve.stat().st_size if self._reserve.exists() else 0
        before = self._lying_bytes
        wanted = _wanted_reserve(disk.free, before, whole)
        if wanted != before:
            self._resize(wanted)
            self._lying_bytes = wanted
            _log.warning("disk_reserve_changed", reserve_bytes=wanted, whole_bytes=whole)
        now_ms = self._clock.monotonic_ms()
        if not self._samples or now_ms - self._samples[-1][0] >= SAMPLE_EVERY_MS:
            self._samples.append((now_ms, disk.free + before - whole))

    def _resize(self, wanted_bytes: int) -> None:
        with self._reserve.open("ab") as file:
            if wanted_bytes > file.tell():
                os.posix_fallocate(file.fileno(), 0, wanted_bytes)
            else:
                file.truncate(wanted_bytes)

    def view(self) -> DiskView:
        """Return the disk as it is now."""
        disk = shutil.disk_usage(self._data_dir)
        whole = whole_reserve_bytes(disk.total, self._reserve_max_bytes)
        lying = self._lying_bytes
        if lying is not None and lying < whole:
            stage = DiskStage.RESERVE_IN_USE
        elif disk.free < whole // 2:
            stage = DiskStage.RESPONSES_ONLY
        else:
            stage = DiskStage.NO_FILES if disk.free < whole else DiskStage.AMPLE
        return DiskView(disk.free, whole, stage, forecast_hours(self._samples))

    def has_room_for_file(self, size_bytes: int) -> bool:
        """Say whether a candidate's file may be taken."""
        view = self.view()
        room = view.free_bytes - size_bytes >= view.reserve_bytes
        return room and view.stage is DiskStage.AMPLE

    def has_room_for_documents(self) -> bool:
        """Say whether something that is neither a response nor a candidate's may be written."""
        return self.view().stage in {DiskStage.AMPLE, DiskStage.NO_FILES}


def _wanted_reserve(free: int, lying: int, whole: int) -> int:
    """Return how large the reserve should be now, all in bytes.

    One step stays free while there is any reserve; it is taken back only when two steps would
    stay, so that it does not go to and fro.
    """
    step = max(1, whole // STEPS)
    if free < step:
        lacking = -(-(step - free) // step)
        return max(0, lying - lacking * step)
    if lying > whole:
        return whole
    room = max(0, (free - 2 * step) // step * step)
    return min(whole, lying + room)
