"""`python -m benchmarks.soak`: as many saves as 300 candidates make in four hours, in minutes.

A leader with a standby, its agent and a centre, all real processes.  What must not grow is sampled
between stretches of saves: memory, threads, open files, logs that have to be folded back.  Saves
are as many as in four hours; what goes by the clock (ticks, the standby's asking, the agent's
turns) is as much as belongs to the minutes it takes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.rehearsal.load import Timing
from benchmarks.__main__ import allow_many_connections
from benchmarks.pairs import Pair, notes_of
from benchmarks.report import Table, machine
from benchmarks.rooms import Room, open_writing_room
from tests.rig.box_process import BoxProcess
from tests.rig.centre_process import CentreProcess
from tests.rig.small_exam import small_exam

CANDIDATES = 300
SAVES = 430_000
"""300 candidates for four hours, a save every ten seconds each."""
MINUTES = 10.0
STRETCHES = 20
SETTLE_SECONDS = 2.0
SHORTEST_CHARACTERS = 1200
PER_SAVES = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What was found after so many saves, by name: memory and files in bytes, else counts."""

    saves: int
    found: dict[str, int]


@dataclass(slots=True)
class Running:
    """The processes that are watched."""

    pair: Pair
    pids: dict[str, int]

    def sample(self, saves: int) -> Sample:
        """Look at every process and file."""
        found: dict[str, int] = {}
        for name, pid in self.pids.items():
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            lines = dict(line.split(":", 1) for line in status.splitlines())
            found[f"{name}: memory"] = int(lines["VmRSS"].split()[0]) * 1024
            found[f"{name}: threads"] = int(lines["Threads"])
            found[f"{name}: open files"] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        for name, box in (("leader", self.pair.room.box), ("standby", self.pair.standby)):
            for path in (box.folder / "journals").iterdir():
                if path.name.endswith(".db"):
                    found[f"{name}: journal"] = path.stat().st_size
                elif path.name.endswith(".db-wal"):
                    found[f"{name}: log to fold back"] = path.stat().st_size
            found[f"{name}: words"] = (box.folder / "log").stat().st_size
        return Sample(saves, found)


@contextmanager
def running(folder: Path, candidates: int) -> Iterator[Running]:
    """Start a centre, a box in which everybody writes, its agent, and a standby."""
    centre = CentreProcess(folder / "centre")
    identity = centre.centre.identity
    box = BoxProcess(
        folder / "box", small_exam(), candidates, standby_count=1, given_centre=identity
    )
    pair = Pair(Room(box, []), box.standby())
    try:
        centre.enrol(box.folder)
        pair.room = open_writing_room(box)
        processes = {"centre": centre.start(), "agent": centre.start_agent(box.folder)}
        pair.start_standby()
        pair.wait_until_copied()
        pids = {name: one.pid for name, one in processes.items()}
        for name, one in (("leader", box), ("standby", pair.standby)):
            pids[name] = one.process.pid if one.process else 0
        yield Running(pair, pids)
    finally:
        centre.stop()
        for one in (box, *box.standbys):
            one.kill()


def soak(
    folder: Path, *, candidates: int, saves: int, seconds: float, stretches: int
) -> list[Sample]:
    """Make so many saves within about so many seconds; return a sample after each stretch."""
    with running(folder, candidates) as found:
        room, samples, made = found.pair.room, [found.sample(0)], 0
        timing = Timing(seconds / stretches, candidates * seconds / saves)
        for _ in range(stretches):
            result = room.save(timing, shortest=SHORTEST_CHARACTERS)
            assert result.failures == 0, result
            made += result.right
            found.pair.wait_until_copied()
            notes_of(found.pair.standby).write_bytes(b"")
            time.sleep(SETTLE_SECONDS)
            samples.append(found.sample(made))
        return samples


def growth(samples: Sequence[Sample], name: str) -> float:
    """Return by how much something grew for PER_SAVES saves, over the last half (least squares)."""
    half = samples[len(samples) // 2 :]
    points = [(one.saves, one.found.get(name, 0)) for one in half]
    return statistics.linear_regression(*zip(*points, strict=True)).slope * PER_SAVES


def table_of(samples: Sequence[Sample], seconds: float) -> Table:
    """Return what grew and what did not."""
    last = samples[-1]
    table = Table(
        f"Soak: {last.saves:,} saves in {seconds / 60:.0f} minutes",
        ("what", "at first", "half-way", "at last", "most", f"grows per {PER_SAVES:,} saves"),
        note=_NOTE,
    )
    for name in sorted({name for one in samples for name in one.found}):
        values = [one.found.get(name, 0) for one in samples]
        shown = [values[0], values[len(values) // 2], values[-1], max(values)]
        cells = (_figure(name, one) for one in (*shown, growth(samples, name)))
        table.rows.append((name, *cells))
    return table


def _figure(name: str, value: float) -> str:
    if name.endswith(("threads", "open files")):
        return f"{value:.1f}".removesuffix(".0")
    return f"{value / 1e6:.2f} MB"


def main() -> None:
    """Soak, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--saves", type=int, default=SAVES)
    options = parser.parse_args()
    allow_many_connections()
    with tempfile.TemporaryDirectory(prefix="examroom-soak-") as name:
        command = f"python -m benchmarks.soak --minutes {options.minutes} --saves {options.saves}"
        print(machine(Path(name), command))
        began = time.monotonic()
        samples = soak(
            Path(name),
            candidates=CANDIDATES,
            saves=options.saves,
            seconds=options.minutes * 60,
            stretches=STRETCHES,
        )
        print(table_of(samples, time.monotonic() - began).markdown())


_NOTE = (
    "300 candidates, essays of 1,200 to 2,400 characters, a standby, the agent and a centre. The "
    "journal is all there is to grow. Growth is a least-squares line through the last half of the "
    "samples, each taken two seconds after a stretch of saves."
)


if __name__ == "__main__":
    main()
