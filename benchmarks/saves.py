"""Durable saves a second, through the whole box, beside the ceiling and one commit for each."""

from __future__ import annotations

from pathlib import Path

from appliance.rehearsal.load import Result, Timing
from benchmarks.report import Table
from benchmarks.rooms import ONE_COMMIT_EACH, Room, bare_server
from benchmarks.slow_disk import build_slow_fsync, slow_disk

ROUNDS = 3


def measure_saves(
    room: Room, folder: Path, *, fsyncs_ms: list[int], connections: list[int], seconds: float
) -> Table:
    """Return the table; every row's figures come from the same minute."""
    library = build_slow_fsync(folder)
    if library is None:
        fsyncs_ms = [0]
    table = Table(
        "Durable saves a second through the whole box",
        ("fsync", "connections", "box", "bare", "box / bare", "one commit each", "box / that"),
        note=_NOTE + ("" if library else " No C compiler here, so no slow disks."),
    )
    with bare_server() as port:
        for fsync_ms in fsyncs_ms:
            environment = slow_disk(library, fsync_ms)
            room.restart(*ONE_COMMIT_EACH, environment=environment)
            each = {count: room.save(Timing(seconds), count) for count in connections}
            room.restart(environment=environment)
            for count in connections:
                box, bare = _side_by_side(room, port, count, seconds)
                table.rows.append(
                    (
                        f"+{fsync_ms} ms" if fsync_ms else "this disk",
                        str(count),
                        figure(box),
                        figure(bare),
                        f"{100 * box.per_second / bare.per_second:.0f} %",
                        figure(each[count]),
                        f"{box.per_second / each[count].per_second:.1f} x",
                    )
                )
    room.restart()
    return table


def _side_by_side(room: Room, port: int, count: int, seconds: float) -> tuple[Result, Result]:
    """Return the box's and the bare server's median run of three, taken in turns."""
    room.save(Timing(0.5), count)
    room.rehearse(port, Timing(0.5), count)
    box, bare = [], []
    for _ in range(ROUNDS):
        box.append(room.save(Timing(seconds), count))
        bare.append(room.rehearse(port, Timing(seconds), count))
    return _median(box), _median(bare)


def _median(runs: list[Result]) -> Result:
    return sorted(runs, key=lambda one: one.per_second)[len(runs) // 2]


_NOTE = (
    "Saves a second (p50 / p99 in ms; failures where there were any). Each saves one change of an "
    "essay of 300 to 600 characters and waits for its answer; every answer is checked. *Bare* is "
    "the same waitress and Flask with the same JSON in and out and no storage, sign-in or checks. "
    "*One commit each* is the box with groups of one. Box and bare are the median of three runs, "
    "taken in turns."
)


def figure(result: Result) -> str:
    """Return rate, times and failures in a cell."""
    text = (
        f"{result.per_second:.0f} ({result.percentile_ms(50):.0f} / {result.percentile_ms(99):.0f})"
    )
    return text + (f", {result.failures} FAILED" if result.failures else "")
