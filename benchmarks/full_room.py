"""A thousand candidates who save every three seconds: spread, in step, with a proxy and without."""

from __future__ import annotations

from pathlib import Path

from appliance.rehearsal.load import Result, Timing
from benchmarks.proxy import proxy, proxy_is_here
from benchmarks.report import Table
from benchmarks.rooms import STOCK_LOOP, Room

EVERY_SECONDS = 3.0
SHORTEST_CHARACTERS = 1200


def measure_full_room(room: Room, folder: Path, *, seconds: float, all_ways: bool) -> Table:
    """Return the table for everybody in the room."""
    table = Table(
        f"{len(room.people)} candidates connected, each saving every {EVERY_SECONDS:.0f} s",
        ("way", "arriving", "saves/s", "p50 ms", "p99 ms", "slowest ms", "time-outs", "errors"),
        note=_NOTE + ("" if proxy_is_here() else " HAProxy is not on this machine: left out."),
    )
    if all_ways:
        room.restart(*STOCK_LOOP)
        _measure(table, room, "direct, waitress's own loop", seconds)
        room.restart()
    _measure(table, room, "direct", seconds)
    now_mb, most_mb = room.memory_mb()
    table.note += f" Memory of the exam server after it: {now_mb:.0f} MB, at most {most_mb:.0f} MB."
    if proxy_is_here() and all_ways:
        with proxy(folder, room.box.candidate_port) as port:
            _measure(table, room, "HAProxy", seconds, port)
    return table


def _measure(
    table: Table, room: Room, way: str, seconds: float, by_port: int | None = None
) -> None:
    for arriving, timing in (
        ("spread", Timing(seconds, EVERY_SECONDS)),
        ("all in step", Timing(seconds, EVERY_SECONDS, in_step=True)),
        ("without a pause", Timing(seconds / 3)),
    ):
        result = room.save(timing, shortest=SHORTEST_CHARACTERS, by_port=by_port)
        table.rows.append((way, arriving, *_cells(result)))


_NOTE = (
    "Essays of 1,200 to 2,400 characters. Times are counted from when a save was due; *without a "
    "pause* is everybody saving again as soon as the last one is answered. HAProxy here "
    "speaks plain HTTP: what is measured is its queue (`http-reuse always`, `maxconn 32`, "
    "`pool-max-conn 64`, `timeout queue 30s`)."
)


def _cells(result: Result) -> tuple[str, ...]:
    return (
        f"{result.per_second:.0f}",
        f"{result.percentile_ms(50):.1f}",
        f"{result.percentile_ms(99):.1f}",
        f"{max(result.latencies_ms, default=0.0):.0f}",
        str(result.timed_out),
        str(result.wrong + result.broken),
    )
