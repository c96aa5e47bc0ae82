"""Write many sticks at once, a thread each, and tell how far each of them is."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import ExamroomError
from provisioning.sticks.image import Image, Piece
from provisioning.sticks.settings_files import make_settings_partition
from provisioning.sticks.speeds import Speeds
from provisioning.sticks.writing import Progress, StickWriter

STICKS_MAX = 64
LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Stick:
    """One device and the files it is to get."""

    device: Path
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stick: its speeds, or the sentence that says what went wrong."""

    device: Path
    speeds: Speeds | None
    problem: str


def write_sticks(
    image: Image,
    sticks: Sequence[Stick],
    *,
    writer: StickWriter,
    show: Callable[[Sequence[Progress]], None],
) -> list[Outcome]:
    """Write all; the trouble of one does not touch the others.  `show` is called now and then."""
    progress = [Progress(stick.device) for stick in sticks]
    with tempfile.TemporaryDirectory(prefix="examroom-sticks-") as folder:
        pieces = _pieces_by_files(image, sticks, Path(folder))
        with ThreadPoolExecutor(len(sticks), thread_name_prefix="stick") as pool:
            running = [
                pool.submit(writer.write, pieces[_key(stick)], one)
                for stick, one in zip(sticks, progress, strict=True)
            ]
            try:
                while wait_for(running, timeout=LOOK_EVERY_SECONDS).not_done:
                    show(progress)
            except KeyboardInterrupt:
                writer.stopping.set()
            finally:
                _ended(running, writer.stopping)
    show(progress)
    return [_outcome(one, future) for one, future in zip(progress, running, strict=True)]


def _pieces_by_files(
    image: Image, sticks: Sequence[Stick], folder: Path
) -> dict[tuple[tuple[str, bytes], ...], tuple[Piece, ...]]:
    """Return what is written, made once for all sticks that get the same files."""
    made: dict[tuple[tuple[str, bytes], ...], tuple[Piece, ...]] = {}
    for number, stick in enumerate(sticks):
        key = _key(stick)
        if key in made:
            continue
        made[key] = image.pieces
        if stick.files:
            own = folder / str(number)
            own.mkdir()
            made[key] = image.with_settings(make_settings_partition(image, stick.files, own))
    return made


def _key(stick: Stick) -> tuple[tuple[str, bytes], ...]:
    return tuple(sorted(stick.files.items()))


def _ended(running: Sequence[Future[Speeds]], stopping: threading.Event) -> None:
    if any(not one.done() for one in running):
        stopping.set()


def _outcome(progress: Progress, future: Future[Speeds]) -> Outcome:
    try:
        return Outcome(progress.device, future.result(), "")
    except ExamroomError as problem:
        progress.stage = "failed"
        return Outcome(progress.device, None, str(problem))
    except OSError as problem:
        progress.stage = "failed"
        said = (
            f"{progress.device} cannot be written: {problem.strerror}. Try another port or stick."
        )
        return Outcome(progress.device, None, said)
