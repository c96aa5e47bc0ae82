"""From `kill -9` of a box with a long journal to the first save that it acknowledges again."""

from __future__ import annotations

import os
import time
from pathlib import Path

from appliance.rehearsal.browsers import SavingBrowser
from appliance.rehearsal.load import Load, Timing
from benchmarks.journals import OpenJournal, fill
from benchmarks.pairs import median_of
from benchmarks.report import Table
from benchmarks.rooms import Room
from benchmarks.slow_disk import build_slow_fsync, slow_disk

RUNS = 3


def measure_recovery(room: Room, folder: Path, *, fsyncs_ms: list[int], entries: int) -> Table:
    """Return how long a box is away, killed while people save."""
    library = build_slow_fsync(folder)
    table = Table(
        f"Back after `kill -9`, {entries:,} entries",
        ("fsync", "file, log", "to first save, s", "with nothing in the page cache, s"),
        note=_NOTE,
    )
    room.box.terminate()
    journal = OpenJournal(room.box)
    fill(journal, entries)
    journal.writer.stop()
    room.box.start()
    room.catch_up()
    for fsync_ms in fsyncs_ms if library else [0]:
        room.restart(environment=slow_disk(library, fsync_ms))
        warm = [_come_back(room, forgetting=False) for _ in range(RUNS)]
        cold = [_come_back(room, forgetting=True) for _ in range(RUNS)]
        path = room.box.journal_info().path
        log = path.with_name(path.name + "-wal")
        size = f"{path.stat().st_size / 1e6:.0f} MB, {log.stat().st_size / 1e6:.0f} MB"
        name = f"+{fsync_ms} ms" if fsync_ms else "this disk"
        table.rows.append((name, size, _cell(warm), _cell(cold)))
    return table


def _come_back(room: Room, *, forgetting: bool) -> float:
    """Kill the box under load, start it, save; return the seconds from the kill.

    Waiting for the start polls every 20 ms.
    """
    room.save(Timing(2.0))
    person = room.people[0]
    began = time.perf_counter()
    room.box.kill()
    if forgetting:
        _forget(room.box.journal_info().path.parent)
        began = time.perf_counter()
    room.box.start()
    saver = SavingBrowser(person.attempt_id, person.cookie, change_no=person.acknowledged)
    done = Load(room.box.candidate_port, [saver], Timing(30, requests_max=1)).run()
    taken = time.perf_counter() - began
    assert done.right == 1, done
    room.catch_up()
    return taken


def _forget(folder: Path) -> None:
    """Let the system forget what it has in memory of the files, as a power cut does."""
    for path in folder.iterdir():
        if not path.is_file():
            continue
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def _cell(seconds: list[float]) -> str:
    return f"{median_of(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


_NOTE = (
    "Median of three (least to most), from the kill to the acknowledgement, Python's own start "
    "included; the box is killed after two seconds of saves without a pause. With nothing in the "
    "page cache, as after a power cut, from the start of the process."
)
