"""A full room played against this box: everybody signs in, loads the exam, writes and saves.

The exam server is a second one, in a folder of its own on the same disk and with the same settings,
so a real room's record is never touched and nothing is left behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

from appliance.platform.files import make_folder
from appliance.platform.one_at_a_time import held
from appliance.rehearsal.browsers import SavingBrowser, SigningInBrowser
from appliance.rehearsal.load import Load, Result, Talker, Timing
from appliance.rehearsal.practice import (
    make_practice,
    open_practice_room,
    practice_settings,
    serving,
)
from appliance.services.loadtest import LOCK, LoadtestRefusedError
from appliance.settings import Settings

CANDIDATES_WHEN_NONE_PLANNED = 30
SECONDS = 15
"""Of saving; with making the room and signing in it is about twenty."""
SIGN_IN_SECONDS_MAX = 60
SAVE_EVERY_SECONDS = 3.0
SAVE_FASTER_SECONDS = 0.5
"""Six times as often as pages save: what comes at once after the network was gone."""

SIGN_IN_MS_MAX = 10_000
"""Everybody at once, and a candidate's page gives a call up after ten seconds."""
SAVE_P50_MS_MAX = 250
"""Half of all saves: beyond it the status line is seen to hesitate."""
SAVE_P99_MS_MAX = 2_000
"""A page sends what is typed after two seconds; slower saves would begin to queue."""
FSYNC_MS_MAX = 1_000
"""Nobody is told "saved" meanwhile, and a lamp or a card that dies shows itself so first."""
DISK_MIB_PER_SECOND_MIN = 5.0
"""Uploads of a full room at the end of an exam, in ten minutes."""
MEMORY_SHARE_MAX = 0.5
"""The sync agent, the mirror, the proxy and the system need the rest."""

FOLDER = "rehearsal"
MEBIBYTE = 2**20
DISK_PROBE_BYTES = 32 * MEBIBYTE
FSYNC_PROBE_BYTES = 4096
FSYNC_PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class Figures:
    """What was measured; times in milliseconds."""

    candidates: int
    sign_in_slowest_ms: float = 0.0
    saves: int = 0
    save_p50_ms: float = 0.0
    save_p99_ms: float = 0.0
    faster_saves: int = 0
    faster_p99_ms: float = 0.0
    errors: int = 0
    fsync_slowest_ms: float = 0.0
    disk_mib_per_second: float = 0.0
    memory_mib: float = 0.0
    machine_mib: float = 0.0
    failed: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, object]:
        """Return the figures as the status file has them."""
        return asdict(self)


def judge(figures: Figures) -> list[str]:
    """Return what failed, by key; nothing when the box is fit for this room."""
    limits = (
        ("errors", figures.errors > 0),
        ("sign_in", figures.sign_in_slowest_ms > SIGN_IN_MS_MAX),
        (
            "saves",
            figures.save_p50_ms > SAVE_P50_MS_MAX
            or max(figures.save_p99_ms, figures.faster_p99_ms) > SAVE_P99_MS_MAX,
        ),
        ("fsync", figures.fsync_slowest_ms > FSYNC_MS_MAX),
        ("disk", figures.disk_mib_per_second < DISK_MIB_PER_SECOND_MIN),
        ("memory", figures.memory_mib > figures.machine_mib * MEMORY_SHARE_MAX),
    )
    return [key for key, is_over in limits if is_over]


def run_loadtest(
    settings: Settings,
    candidates: int,
    seconds: int,
    *,
    may_go_on: Callable[[], bool],
    begun: Callable[[], None],
) -> Figures:
    """Play the room; `begun` is called once it is sure to begin.

    Raises LoadtestRefusedError as soon as `may_go_on` says no, and PracticeServerError.
    """
    with rehearsing(settings, may_go_on) as folder:
        begun()
        return _run(settings, folder, candidates, seconds, may_go_on)


@contextmanager
def rehearsing(settings: Settings, may_go_on: Callable[[], bool]) -> Iterator[Path]:
    """Give a folder for one rehearsal, on the box's own disk, and leave nothing of it behind.

    Raises LoadtestRefusedError when a room is near or another rehearsal runs.
    """
    with held(settings.data_dir / LOCK) as is_free:
        if not is_free or not may_go_on():
            raise LoadtestRefusedError
        above = settings.data_dir / FOLDER
        # What a rehearsal left that lost its power; nothing else lies there.
        shutil.rmtree(above, ignore_errors=True)
        make_folder(above, mode=0o700)
        try:
            with tempfile.TemporaryDirectory(dir=above) as folder:
                yield Path(folder)
        finally:
            shutil.rmtree(above, ignore_errors=True)


def _run(
    settings: Settings,
    folder: Path,
    candidates: int,
    seconds: int,
    may_go_on: Callable[[], bool],
) -> Figures:
    figures = Figures(candidates, machine_mib=_machine_mib())
    figures.disk_mib_per_second = _disk_speed(folder)
    practice = make_practice([folder / "box"], candidates)
    own = practice_settings(settings, folder / "box")
    open_practice_room(own, practice)
    people = [
        SigningInBrowser(code, f"rehearsal{at:04}", loads_exam=True)
        for at, code in enumerate(practice.codes)
    ]
    with serving(own) as process, _FsyncProbe(folder) as probe:

        def play(talkers: Sequence[Talker], timing: Timing) -> Result:
            if not may_go_on():
                raise LoadtestRefusedError
            result = Load(own.candidate_port, talkers, timing).run()
            figures.errors += result.failures
            return result

        arrived = play(people, Timing(SIGN_IN_SECONDS_MAX))
        figures.sign_in_slowest_ms = arrived.percentile_ms(100)
        savers = [
            SavingBrowser(one.attempt_id, one.cookie, change_no=one.acknowledged)
            for one in people
            if one.finished
        ]
        figures.errors += len(people) - len(savers)
        usual = play(savers, Timing(seconds * 2 / 3, SAVE_EVERY_SECONDS))
        faster = play(savers, Timing(seconds / 3, SAVE_FASTER_SECONDS))
        figures.saves, figures.faster_saves = usual.right, faster.right
        figures.save_p50_ms, figures.save_p99_ms = usual.percentile_ms(50), usual.percentile_ms(99)
        figures.faster_p99_ms = faster.percentile_ms(99)
        figures.memory_mib = _memory_mib(process.pid)
    figures.fsync_slowest_ms = probe.slowest_ms
    figures.failed = judge(figures)
    return figures


class _FsyncProbe:
    """Syncs a small file again and again beside the load, and keeps the slowest."""

    def __init__(self, folder: Path) -> None:
        self.slowest_ms = 0.0
        self._path = folder / "fsync"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fsync-probe", daemon=True)

    def __enter__(self) -> _FsyncProbe:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            while not self._stop.wait(FSYNC_PAUSE_SECONDS):
                file.write(bytes(FSYNC_PROBE_BYTES))
                began = perf_counter()
                os.fsync(file.fileno())
                self.slowest_ms = max(self.slowest_ms, (perf_counter() - began) * 1000)


def _disk_speed(folder: Path) -> float:
    """Return how many MiB a second are written durably."""
    path = folder / "speed"
    block = os.urandom(MEBIBYTE)
    began = perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(DISK_PROBE_BYTES // MEBIBYTE):
            file.write(block)
        os.fsync(file.fileno())
    seconds = perf_counter() - began
    path.unlink()
    return DISK_PROBE_BYTES / MEBIBYTE / max(seconds, 1e-6)


def _machine_mib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEBIBYTE


def _memory_mib(pid: int) -> float:
    """Return the most that a process has held in memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return int(found["VmHWM"].split()[0]) / 1024
