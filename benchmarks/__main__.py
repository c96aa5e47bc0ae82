"""`python -m benchmarks`: the table of docs/performance.md, measured on this machine.

Figures, never assertions about time.  Everything is on loopback and bounded in count and time.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.exams import Exam
from benchmarks.arrivals import measure_arrivals
from benchmarks.catch_up import measure_catch_up
from benchmarks.full_room import measure_full_room
from benchmarks.journals import measure_essay, measure_long_journal
from benchmarks.recovery import measure_recovery
from benchmarks.report import Table, machine, write_document
from benchmarks.rooms import Room, open_writing_room
from benchmarks.saves import measure_saves
from benchmarks.standby_cost import measure_standby
from benchmarks.take_overs import measure_take_overs
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    fsyncs_ms: tuple[int, ...] = (0, 5, 20, 100)
    connections: tuple[int, ...] = (32, 64)
    saves_seconds: float = 2.5
    candidates: int = 1000
    room_seconds: float = 18.0
    all_ways: bool = True
    arriving: int = 500
    arriving_seconds: float = 10.0
    sizes: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    slow_fsyncs_ms: tuple[int, ...] = (0, 20, 100)
    recovery_entries: int = 1_000_000
    following: int = 500
    following_seconds: float = 6.0
    taken_over: int = 300
    taken_over_entries: int = 50_000
    catch_up_entries: int = 100_000
    catch_up_seconds: float = 15.0


QUICK = Extent(
    fsyncs_ms=(0, 20),
    saves_seconds=0.5,
    candidates=200,
    room_seconds=3.0,
    all_ways=False,
    arriving=200,
    arriving_seconds=2.0,
    sizes=(1_000, 50_000),
    slow_fsyncs_ms=(0,),
    recovery_entries=50_000,
    following=100,
    following_seconds=2.0,
    taken_over=50,
    taken_over_entries=5_000,
    catch_up_entries=20_000,
    catch_up_seconds=4.0,
)


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, within a minute")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--only", choices=[*PARTS], action="append", help="only this part")
    options = parser.parse_args()
    allow_many_connections()
    extent = QUICK if options.quick else Extent()
    texts = []
    with tempfile.TemporaryDirectory(prefix="examroom-bench-") as name:
        folder = Path(name)
        words = sys.argv[1:]
        facts = machine(folder, " ".join(["python -m benchmarks", *words]))
        print(facts)
        for part in options.only or PARTS:
            for table in PARTS[part](folder, extent):
                texts.append(table.markdown())
                print(texts[-1], flush=True)
    if options.write:
        write_document("\n".join([facts, *texts]))


def allow_many_connections() -> None:
    """Raise the limit of open files, for us and for the boxes we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _room(
    folder: Path, candidates: int, exam: Exam | None = None, media: dict[str, bytes] | None = None
) -> Iterator[Room]:
    packed = {f"media/{name}": content for name, content in (media or {}).items()}
    box = BoxProcess(folder, exam or small_exam(), candidates, media=packed)
    try:
        yield open_writing_room(box)
    finally:
        box.kill()


def _saves(folder: Path, extent: Extent) -> Iterator[Table]:
    with _room(folder / "saves", max(extent.connections)) as room:
        yield measure_saves(
            room,
            folder,
            fsyncs_ms=list(extent.fsyncs_ms),
            connections=list(extent.connections),
            seconds=extent.saves_seconds,
        )


def _full_room(folder: Path, extent: Extent) -> Iterator[Table]:
    with _room(folder / "full", extent.candidates) as room:
        yield measure_full_room(room, folder, seconds=extent.room_seconds, all_ways=extent.all_ways)


def _arrivals(folder: Path, extent: Extent) -> Iterator[Table]:
    imported = import_exam(demo_exam_directory())
    with _room(folder / "arrivals", extent.arriving, imported.exam, imported.media) as room:
        yield measure_arrivals(room, extent.arriving_seconds)


def _journals(folder: Path, extent: Extent) -> Iterator[Table]:
    with _room(folder / "journals", 50) as room:
        yield measure_essay(room)
        yield measure_long_journal(room, list(extent.sizes))


def _recovery(folder: Path, extent: Extent) -> Iterator[Table]:
    with _room(folder / "recovery", 50) as room:
        fsyncs_ms, entries = list(extent.slow_fsyncs_ms), extent.recovery_entries
        yield measure_recovery(room, folder, fsyncs_ms=fsyncs_ms, entries=entries)


def _standby(folder: Path, extent: Extent) -> Iterator[Table]:
    yield from measure_standby(
        folder,
        fsyncs_ms=list(extent.slow_fsyncs_ms),
        candidates=extent.following,
        seconds=extent.following_seconds,
    )


def _take_over(folder: Path, extent: Extent) -> Iterator[Table]:
    yield measure_take_overs(
        folder,
        fsyncs_ms=list(extent.slow_fsyncs_ms),
        candidates=extent.taken_over,
        entries=extent.taken_over_entries,
    )


def _catch_up(folder: Path, extent: Extent) -> Iterator[Table]:
    yield measure_catch_up(
        folder,
        fsyncs_ms=list(extent.slow_fsyncs_ms),
        candidates=extent.taken_over,
        entries=extent.catch_up_entries,
        seconds=extent.catch_up_seconds,
    )


PARTS: dict[str, Callable[[Path, Extent], Iterator[Table]]] = {
    "saves": _saves,
    "room": _full_room,
    "arrivals": _arrivals,
    "journals": _journals,
    "recovery": _recovery,
    "standby": _standby,
    "take-over": _take_over,
    "catch-up": _catch_up,
}


if __name__ == "__main__":
    main()
