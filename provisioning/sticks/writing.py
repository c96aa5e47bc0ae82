"""Write one stick: measure, write, read back, and see that it is as large as it says.

Everything is read back from the medium and compared with the digest of the image: sticks lie, about
what they kept and about their size, and the exam day is the wrong day to find out.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.domain.errors import CorruptionError, RefusedError
from appliance.platform.clock import SystemClock
from appliance.platform.ids import new_id
from provisioning.sticks.image import Piece
from provisioning.sticks.medium import BLOCK_BYTES, Medium
from provisioning.sticks.speeds import Speeds

SMALL_WRITES = 64
SMALL_WRITES_APART_BYTES = 2**16
SIZE_MARKS = 16
TABLE_AT_END_BYTES = 2**20
"""A partition table has its copy at the end of a disk; that of a former life goes."""

_MIB = 2**20


class StickDamagedError(CorruptionError):
    """What is read from a stick is not what was written to it."""

    key = "stick_damaged"
    staff_message = (
        "{device} does not keep what is written to it, first at {mib} MiB. Do not use this stick."
    )


class StickTooSmallInTruthError(CorruptionError):
    """A stick says it is larger than it is."""

    key = "stick_too_small_in_truth"
    staff_message = (
        "{device} says it has {mib} MiB and does not keep what is written so far out. "
        "Do not use this stick."
    )


class WritingStoppedError(RefusedError):
    """Somebody stopped the writing."""

    key = "writing_stopped"
    staff_message = "{device} is not complete: the writing was stopped. Write it again."


@dataclass(slots=True)
class Progress:
    """How far one stick is, for whoever looks on."""

    device: Path
    stage: str = "waiting"
    done: int = 0
    total: int = 1

    @property
    def percent(self) -> int:
        """Of this stage."""
        return self.done * 100 // max(1, self.total)

    def begin(self, stage: str, total: int) -> None:
        """Enter a stage of so many bytes."""
        self.stage, self.done, self.total = stage, 0, total


@dataclass(frozen=True, slots=True)
class StickWriter:
    """Writes sticks; `open_medium` is the door to the hardware."""

    stopping: threading.Event = field(default_factory=threading.Event)
    open_medium: Callable[[Path], Medium] = Medium
    clock: SystemClock = field(default_factory=SystemClock)

    def write(self, pieces: Sequence[Piece], progress: Progress) -> Speeds:
        """Write the pieces to a device and prove that they are there.

        Raises OSError, StickDamagedError, StickTooSmallInTruthError or WritingStoppedError.
        """
        total = sum(piece.size for piece in pieces)
        with self.open_medium(progress.device) as medium:
            progress.begin("measuring", total)
            small_ms = self._small_writes(medium)
            marks = _put_marks(medium, pieces[-1].offset + pieces[-1].size)
            progress.begin("writing", total)
            writing = self._write_all(medium, pieces, progress)
            progress.begin("reading back", total)
            reading = self._compare(medium, pieces, progress)
            _check_marks(medium, marks, progress.device)
            progress.begin("written", total)
            progress.done = total
        return Speeds(writing, reading, small_ms)

    def _small_writes(self, medium: Medium) -> float:
        """Return how long 95 in 100 small durable writes take at most; the image goes over them."""
        times = []
        for number in range(SMALL_WRITES):
            begun = self.clock.monotonic_ms()
            medium.write(number * SMALL_WRITES_APART_BYTES, bytes(BLOCK_BYTES))
            medium.settle()
            times.append(self.clock.monotonic_ms() - begun)
        return float(sorted(times)[SMALL_WRITES * 95 // 100])

    def _write_all(self, medium: Medium, pieces: Sequence[Piece], progress: Progress) -> float:
        """Write what is not there yet; return MiB a second of what was written."""
        begun, written, looking_ms = self.clock.monotonic_ms(), 0, 0
        for piece in pieces:
            self._go_on(progress)
            data = piece.read()
            if piece.source is None:
                # Reading is much faster than writing, and a new stick is often zeros already.
                looked = self.clock.monotonic_ms()
                is_there = medium.read(piece.offset, piece.size) == data
                looking_ms += self.clock.monotonic_ms() - looked
                if is_there:
                    progress.done += piece.size
                    continue
            medium.write(piece.offset, data)
            written += piece.size
            progress.done += piece.size
            if written // (32 * _MIB) != (written - piece.size) // (32 * _MIB):
                # Now and then: else all of it waits in memory, and progress would only be hope.
                medium.settle()
        medium.settle()
        return _rate(written, self.clock.monotonic_ms() - begun - looking_ms)

    def _compare(self, medium: Medium, pieces: Sequence[Piece], progress: Progress) -> float:
        """Read everything back; return MiB a second."""
        begun = self.clock.monotonic_ms()
        for piece in pieces:
            self._go_on(progress)
            found = medium.read(piece.offset, piece.size)
            if hashlib.sha256(found).digest() != piece.sha256:
                raise StickDamagedError(device=str(progress.device), mib=piece.offset // _MIB)
            progress.done += piece.size
        return _rate(progress.total, self.clock.monotonic_ms() - begun)

    def _go_on(self, progress: Progress) -> None:
        if self.stopping.is_set():
            raise WritingStoppedError(device=str(progress.device))


def _put_marks(medium: Medium, end: int) -> dict[int, bytes]:
    """Write marks over the rest of the stick, each different; return them by place.

    A stick that lies about its size puts them over one another, or over the image.
    """
    rest = medium.size - end
    places = {end + rest * number // SIZE_MARKS for number in range(1, SIZE_MARKS)}
    places.add(medium.size - BLOCK_BYTES)
    aligned = {place - place % BLOCK_BYTES for place in places}
    marks = {
        place: hashlib.sha256(f"{new_id()} {place}".encode()).digest() * (BLOCK_BYTES // 32)
        for place in sorted(aligned)
        if place >= end + BLOCK_BYTES
    }
    for place, mark in marks.items():
        medium.write(place, mark)
    return marks


def _check_marks(medium: Medium, marks: dict[int, bytes], device: Path) -> None:
    """Raise StickTooSmallInTruthError unless all are there; leave zeros behind."""
    for place, mark in marks.items():
        if medium.read(place, BLOCK_BYTES) != mark:
            raise StickTooSmallInTruthError(device=str(device), mib=medium.size // _MIB)
        medium.write(place, bytes(BLOCK_BYTES))
    if marks:
        room = min(TABLE_AT_END_BYTES, medium.size - min(marks))
        medium.write(medium.size - room, bytes(room))
    medium.settle()


def _rate(size: int, milliseconds: int) -> float:
    return size / _MIB / max(1, milliseconds) * 1000
