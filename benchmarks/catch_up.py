"""A standby that begins with nothing while everybody writes: how soon it has it all, at what cost.

The journal is filled by the product's own writer first.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from appliance.rehearsal.load import Result, Timing
from benchmarks.journals import OpenJournal, fill
from benchmarks.pairs import Pair, cpu_seconds
from benchmarks.report import Table
from benchmarks.rooms import Room, open_writing_room
from benchmarks.slow_disk import build_slow_fsync, slow_disk
from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam

EVERY_SECONDS = 3.0


def measure_catch_up(
    folder: Path, *, fsyncs_ms: list[int], candidates: int, entries: int, seconds: float
) -> Table:
    """Return how fast a standby fetches `entries` entries, and what saves cost meanwhile."""
    library = build_slow_fsync(folder)
    disks = fsyncs_ms if library else [0]
    table = Table(f"A standby that begins with nothing, {entries:,} entries", _COLUMNS, note=_NOTE)
    box = BoxProcess(folder / "catch-up", small_exam(), candidates, standby_count=len(disks))
    try:
        room = open_writing_room(box)
        box.terminate()
        journal = OpenJournal(box)
        fill(journal, entries)
        journal.writer.stop()
        box.start()
        room.catch_up()
        for number, fsync_ms in enumerate(disks):
            environment = slow_disk(library, fsync_ms)
            room.restart(environment=environment)
            name = f"+{fsync_ms} ms" if fsync_ms else "this disk"
            pair = Pair(room, box.standby(number))
            table.rows.append((name, *_measure(pair, environment, entries, seconds)))
            pair.standby.kill()
    finally:
        for one in (box, *box.standbys):
            one.kill()
    return table


def _measure(
    pair: Pair, environment: dict[str, str], entries: int, seconds: float
) -> tuple[str, ...]:
    timing = Timing(seconds, EVERY_SECONDS)
    before, cpu_before = _save(pair.room, timing)
    found: list[tuple[Result, float]] = []
    saving = threading.Thread(target=lambda: found.append(_save(pair.room, timing)))
    saving.start()
    began_ms = time.time_ns() // 1_000_000
    pair.start_standby(environment)
    saving.join()
    pair.wait_until_copied()
    meanwhile, cpu = found[0]
    notes = pair.notes()
    all_here_ms = next(one.durable_at_ms for one in notes if one.newest_seq >= entries)
    taken_ms = all_here_ms - notes[0].durable_at_ms
    fetched = next(one.newest_seq for one in notes if one.newest_seq >= entries)
    return (
        f"{(all_here_ms - began_ms) / 1000:.1f} s",
        f"{(fetched - notes[0].newest_seq) / max(1, taken_ms) * 60_000:,.0f}",
        _times(before),
        _times(meanwhile),
        f"{1000 * (cpu - cpu_before) / (entries / 1000):.0f}",
    )


def _save(room: Room, timing: Timing) -> tuple[Result, float]:
    before = cpu_seconds(room.box)
    result = room.save(timing)
    return result, cpu_seconds(room.box) - before


def _times(result: Result) -> str:
    text = f"{result.percentile_ms(50):.1f} / {result.percentile_ms(99):.1f}"
    text += f" / {max(result.latencies_ms, default=0.0):.0f}"
    return text + (f", {result.failures} FAILED" if result.failures else "")


_COLUMNS = (
    *("fsync", "process start to all", "entries a minute"),
    *("a save before, ms", "a save meanwhile, ms", "leader's CPU for 1,000 entries, ms"),
)
_NOTE = (
    "While everybody goes on saving every 3 s. Saves: p50 / p99 / slowest of a stretch that holds "
    "the whole catching up; the standby's own work is on the same cores."
)
