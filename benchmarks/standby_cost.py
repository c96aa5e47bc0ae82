"""What a standby costs the saves of a room, and how late it is: beside a room without one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.rehearsal.load import Result, Timing
from benchmarks.pairs import Pair, cpu_seconds, median_of, open_pair
from benchmarks.report import Table
from benchmarks.rooms import Room, open_writing_room
from benchmarks.slow_disk import build_slow_fsync, slow_disk
from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam

ROUNDS = 3
CONNECTIONS = 64
EVERY_SECONDS = 3.0
SHORTEST_CHARACTERS = 1200


@dataclass(slots=True)
class _Runs:
    """What came of one room's runs of one kind, and what each save cost its leader (ms)."""

    results: list[Result] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def run(self, room: Room, timing: Timing, count: int | None) -> None:
        before = cpu_seconds(room.box)
        result = room.save(timing, count, shortest=SHORTEST_CHARACTERS)
        assert result.failures == 0, result
        self.results.append(result)
        self.cpu_ms.append(1000 * (cpu_seconds(room.box) - before) / max(1, result.right))

    def per_second(self) -> float:
        return median_of([one.per_second for one in self.results])

    def percentile_ms(self, percent: float) -> float:
        return median_of([one.percentile_ms(percent) for one in self.results])

    def times(self) -> str:
        return f"{self.percentile_ms(50):.1f} / {self.percentile_ms(99):.1f}"


def measure_standby(
    folder: Path, *, fsyncs_ms: list[int], candidates: int, seconds: float
) -> Iterator[Table]:
    """Yield what saves cost with a standby and without, and how late the standby is."""
    library = build_slow_fsync(folder)
    cost = Table("What a standby costs", _COST_COLUMNS, note=_COST_NOTE)
    lag = Table("How late a standby is", _LAG_COLUMNS, note=_LAG_NOTE)
    alone_box = BoxProcess(folder / "alone", small_exam(), candidates)
    try:
        alone = open_writing_room(alone_box)
        with open_pair(folder / "pair", candidates) as pair:
            for fsync_ms in fsyncs_ms if library else [0]:
                environment = slow_disk(library, fsync_ms)
                alone.restart(environment=environment)
                pair.restart(environment)
                name = f"+{fsync_ms} ms" if fsync_ms else "this disk"
                _measure_disk(cost, lag, name, (alone, pair), candidates, seconds)
    finally:
        alone_box.kill()
    yield cost
    yield lag


def _measure_disk(
    cost: Table,
    lag: Table,
    name: str,
    rooms: tuple[Room, Pair],
    candidates: int,
    seconds: float,
) -> None:
    alone, pair = rooms
    loops = (
        (f"{CONNECTIONS} without a pause", Timing(seconds / 2), min(CONNECTIONS, candidates)),
        (f"{candidates} every {EVERY_SECONDS:.0f} s", Timing(seconds, EVERY_SECONDS), None),
    )
    for what, timing, count in loops:
        without, with_one = _Runs(), _Runs()
        _Runs().run(alone, Timing(0.5), count)
        _Runs().run(pair.room, Timing(0.5), count)
        pair.wait_until_copied()
        began_ms, cpu = time.time_ns() // 1_000_000, 0.0
        for _ in range(ROUNDS):
            without.run(alone, timing, count)
            before = cpu_seconds(pair.standby)
            with_one.run(pair.room, timing, count)
            pair.wait_until_copied()
            cpu += cpu_seconds(pair.standby) - before
        saves = sum(one.right for one in with_one.results)
        cost.rows.append((name, what, *_cost_cells(without, with_one, 1000 * cpu / saves)))
        late = _lateness_ms(pair, began_ms)
        cells = [f"{late[min(len(late) - 1, int(len(late) * p))]}" for p in (0.5, 0.99, 1.0)]
        lag.rows.append((name, what, str(len(late)), *cells))


def _cost_cells(without: _Runs, with_one: _Runs, standby_cpu_ms: float) -> tuple[str, ...]:
    own, own_with = median_of(without.cpu_ms), median_of(with_one.cpu_ms)
    return (
        f"{without.per_second():.0f} ({without.times()})",
        f"{with_one.per_second():.0f} ({with_one.times()})",
        f"{100 * with_one.per_second() / without.per_second():.0f} %",
        f"{own:.2f}",
        f"{own_with:.2f}",
        f"{100 * (own_with - own) / own:+.0f} %",
        f"{standby_cpu_ms:.2f}",
    )


def _lateness_ms(pair: Pair, began_ms: int) -> list[int]:
    """Return, in order, how long after it was decided each save was durable in the copy."""
    return sorted(
        noted.durable_at_ms - saved_ms
        for noted in pair.notes()
        for saved_ms in noted.saved_at_ms
        if saved_ms >= began_ms
    )


_COST_COLUMNS = (
    *("fsync", "saves", "without one", "with one", "with / without"),
    *("leader's CPU a save, ms", "with one", "more", "standby's CPU a save, ms"),
)
_COST_NOTE = (
    "Saves a second (p50 / p99 in ms) of two rooms alike, one of which has a standby: medians of "
    "three runs, taken in turns. Load generator, leader and standby share this machine's cores, "
    "which two boxes do not: the leader's own processor time for a save is what a standby takes "
    "from a box. Essays of 1,200 to 2,400 characters."
)
_LAG_COLUMNS = ("fsync", "saves", "count", "p50 ms", "p99 ms", "slowest ms")
_LAG_NOTE = (
    "From when the leader decided a save, which is before its own commit, until the standby's "
    "commit of it returned."
)
