"""Durable saves a second, through the whole box, beside the ceiling and one commit for each."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load import Result, Timing
from benchmarks.report import Table
from benchmarks.rooms import ONE_COMMIT_EACH, Room, bare_server
from benchmarks.slow_disk import build_slow_fsync, slow_disk


def measure_saves(
    room: Room, folder: Path, *, fsyncs_ms: list[int], connections: list[int], seconds: float
) -> Table:
    """Return the table; every row's figures come from the same minute."""
    library = build_slow_fsync(folder)
    if library is None:
        fsyncs_ms = [0]
    bare = _bare(room, connections, seconds)
    table = Table(
        "Durable saves a second through the whole box",
        ("fsync", "connections", "box", "bare", "box / bare", "one commit each", "box / that"),
        note=_NOTE + ("" if library else " No C compiler here, so no slow disks."),
    )
    for fsync_ms in fsyncs_ms:
        environment = slow_disk(library, fsync_ms)
        room.restart(environment=environment)
        box = _box(room, connections, seconds)
        room.restart(*ONE_COMMIT_EACH, environment=environment)
        each = _box(room, connections, seconds)
        table.rows += [
            (
                f"+{fsync_ms} ms" if fsync_ms else "this disk",
                str(count),
                figure(box[count]),
                figure(bare[count]),
                f"{100 * box[count].per_second / bare[count].per_second:.0f} %",
                figure(each[count]),
                f"{box[count].per_second / each[count].per_second:.1f} x",
            )
            for count in connections
        ]
    room.restart()
    return table


_NOTE = (
    "Saves a second (p50 / p99 in ms; failures where there were any). Each saves one change of an "
    "essay of 300 to 600 characters and waits for its answer; every answer is checked. *Bare* is "
    "the same waitress and Flask with the same JSON in and out and no storage, sign-in or checks. "
    "*One commit each* is the box with groups of one."
)


def figure(result: Result) -> str:
    """Return rate, times and failures in a cell."""
    text = (
        f"{result.per_second:.0f} ({result.percentile_ms(50):.0f} / {result.percentile_ms(99):.0f})"
    )
    return text + (f", {result.failures} FAILED" if result.failures else "")


def _box(room: Room, connections: list[int], seconds: float) -> dict[int, Result]:
    room.save(Timing(0.5), 32)
    return {count: room.save(Timing(seconds), count) for count in connections}


def _bare(room: Room, connections: list[int], seconds: float) -> dict[int, Result]:
    with bare_server() as port:
        room.rehearse(port, Timing(0.5), 32)
        return {count: room.rehearse(port, Timing(seconds), count) for count in connections}
