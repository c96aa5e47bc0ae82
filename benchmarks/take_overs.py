"""Taking over: from the click of the invigilator to the first save the new leader acknowledges."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.rehearsal.browsers import FollowingBrowser
from appliance.rehearsal.load import Load, Timing
from benchmarks.journals import OpenJournal, fill
from benchmarks.pairs import Pair, median_of, open_pair
from benchmarks.report import Table
from benchmarks.slow_disk import build_slow_fsync, slow_disk

RUNS = 3
TRIES_EVERY_SECONDS = 1.0
WAIT_SECONDS = 60.0
DEAD, HANGS, ANSWERS = "is dead", "hangs", "still answers"


@dataclass(frozen=True, slots=True)
class _Taken:
    first_seconds: float
    last_seconds: float


def measure_take_overs(
    folder: Path, *, fsyncs_ms: list[int], candidates: int, entries: int
) -> Table:
    """Return how long it takes, whatever has become of the leader."""
    library = build_slow_fsync(folder)
    table = Table(
        f"Taking over: {candidates} candidates, {entries:,} entries",
        ("fsync", "the leader", "click to first save, s", "click to everybody's save, s"),
        note=_NOTE,
    )
    with open_pair(folder / "take-over", candidates) as pair:
        _fill(pair, entries)
        for fsync_ms in fsyncs_ms if library else [0]:
            environment = slow_disk(library, fsync_ms)
            pair.restart(environment)
            for what in (DEAD, ANSWERS) if fsync_ms else (DEAD, HANGS, ANSWERS):
                taken = [_take_over(pair, environment, what) for _ in range(RUNS)]
                name = f"+{fsync_ms} ms" if fsync_ms else "this disk"
                table.rows.append((name, what, *_cells(taken)))
    return table


def _fill(pair: Pair, entries: int) -> None:
    pair.standby.terminate()
    pair.room.box.terminate()
    journal = OpenJournal(pair.room.box)
    fill(journal, entries)
    journal.writer.stop()
    pair.room.box.start()
    pair.room.catch_up()
    pair.start_standby()
    pair.wait_until_copied()


def _take_over(pair: Pair, environment: dict[str, str], what: str) -> _Taken:
    """Let the standby take over while everybody tries to save there; then change places."""
    room = pair.room
    room.save(Timing(1.0, 1.0))
    pair.wait_until_copied()
    browsers = [
        FollowingBrowser(one.attempt_id, "", change_no=one.acknowledged, ticket=one.ticket)
        for one in room.people
    ]
    staff = pair.standby.staff()
    if what == DEAD:
        room.box.kill()
    elif what == HANGS:
        room.box.freeze()
    clicking = threading.Thread(target=staff.take_over)
    began = time.perf_counter()
    clicking.start()
    timing = Timing(WAIT_SECONDS, TRIES_EVERY_SECONDS)
    Load(pair.standby.candidate_port, browsers, timing).run()
    clicking.join()
    saved = [one.saved_at - began for one in browsers if one.saved_at is not None]
    assert len(saved) == len(browsers), f"{len(browsers) - len(saved)} never saved"
    for person, browser in zip(room.people, browsers, strict=True):
        person.acknowledged = browser.change_no
    pair.change_places()
    if what == DEAD:
        pair.start_standby(environment)
    pair.standby.thaw()
    pair.wait_until_copied()
    return _Taken(min(saved), max(saved))


def _cells(taken: list[_Taken]) -> tuple[str, ...]:
    return tuple(
        f"{median_of(values):.1f} ({min(values):.1f} to {max(values):.1f})"
        for values in ([one.first_seconds for one in taken], [one.last_seconds for one in taken])
    )


_NOTE = (
    "Median of three (least to most). Everybody tries to save at the new leader once a second, by "
    "the ticket, as pages do that were loaded from the other box. The click includes the page "
    "it is made on. A leader that hangs accepts connections and answers nothing. "
    "Between two runs the boxes change places."
)
