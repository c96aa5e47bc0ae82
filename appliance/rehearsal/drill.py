"""A drill: each way out of a lost box, gone to its end on a practice room.

A mirror stick is filled and opened by a spare, a standby follows and takes over, and the centre's
recovery key opens what lies beside a journal.  What fails here would fail on the day.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.composition import ExamServer, make_box, make_exam_server
from appliance.domain.epochs import begun_by
from appliance.domain.errors import ExamroomError
from appliance.formats.keys import (
    load_box_identity,
    load_pinned_centre,
    load_recovery_key_file,
)
from appliance.formats.recovery import read_recovery_copy, write_recovery_copy
from appliance.platform.clock import SystemClock
from appliance.rehearsal.browsers import SavingBrowser, SigningInBrowser
from appliance.rehearsal.load import Load, Timing
from appliance.rehearsal.practice import (
    Practice,
    make_practice,
    open_practice_room,
    practice_settings,
    serving,
)
from appliance.services.peers import all_peers
from appliance.services.rescue import RescueVerdict, rescue_room, rescuing
from appliance.services.take_over import take_over
from appliance.settings import Settings
from appliance.storage.database import KEY_BYTES
from appliance.storage.reading import JournalReader
from sync.agent.agent import AgentPaths
from sync.agent.journal_source import BoxJournals
from sync.removable_media.mirror import Mirror, mark_mirror
from sync.removable_media.rescue import rooms_on

ON_STICK = "examroom-drill"
"""The drill's own folder on a stick: the stick's real mirror is not touched."""

FOLLOW_MS_MAX = 15_000
TAKE_OVER_MS_MAX = 10_000
"""A room notices an outage of this length, and nobody has begun to worry."""
EXCHANGE_SECONDS = 10
RECOVERY_COPY_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Proof:
    """One way out: whether it was gone to its end, what was seen, and what to do if it was not."""

    name: str
    passed: bool | None
    seen: str
    remedy: str


def run_drill(
    settings: Settings, folder: Path, *, stick: Path | None, recovery_key: Path | None
) -> Iterator[Proof]:
    """Yield a proof for each way out, in a folder that `rehearsing` gave."""
    box, spare = folder / "box", folder / "spare"
    practice = make_practice([box, spare], 1)
    open_practice_room(practice_settings(settings, box), practice)
    yield _proven(
        "mirror stick",
        lambda: _prove_mirror(settings, box, spare, stick or folder),
        "Use another stick, formatted anew, and run the drill again.",
    )
    yield _proven(
        "standby",
        lambda: _prove_standby(settings, box, folder / "spare", practice),
        "Look at the log of this box; do not rely on a standby until this passes.",
    )
    if recovery_key is None:
        yield Proof("recovery key", None, "not tried", "Give the centre's recovery.key along.")
        return
    yield prove_recovery_key(settings, recovery_key)


def prove_recovery_key(settings: Settings, key_file: Path) -> Proof:
    """Open with a recovery key what this box seals to its centre."""
    return _proven(
        "recovery key",
        lambda: _prove_recovery(settings, key_file),
        "Ask the centre for the recovery.key that belongs to this box's centre, and test it again.",
    )


def _proven(name: str, prove: Callable[[], str], remedy: str) -> Proof:
    try:
        return Proof(name, passed=True, seen=prove(), remedy="")
    except _NotProvenError as failure:
        return Proof(name, passed=False, seen=str(failure), remedy=remedy)
    except (ExamroomError, OSError) as failure:
        return Proof(name, passed=False, seen=str(failure), remedy=remedy)


class _NotProvenError(Exception):
    """A way out ended somewhere else than it should."""


def _prove_mirror(settings: Settings, box: Path, spare: Path, above: Path) -> str:
    """Fill a mirror with the practice room, and let a spare bring the room in from it."""
    stick = above / ON_STICK
    stick.mkdir()
    try:
        identity, centre = load_box_identity(box / "keys"), load_pinned_centre(box / "keys")
        paths = AgentPaths(box)
        paths.make_folders()
        mark_mirror(stick, box=identity, centre=centre, clock=SystemClock())
        source = BoxJournals(box)
        Mirror(
            paths=paths,
            sticks_under=(above,),
            source=source,
            box=identity,
            centre=centre,
            clock=SystemClock(),
        ).take_turn()
        (journal_id,) = source.journal_ids()
        with source.read(journal_id) as reader:
            head = reader.head()
        opened = make_box(practice_settings(settings, spare))
        try:
            with rescuing(opened):
                found = rooms_on(stick, box=opened.identity, writers=all_peers(opened))
                rescued = [rescue_room(opened, one) for one in found]
        finally:
            opened.store.close()
    finally:
        shutil.rmtree(stick, ignore_errors=True)
    if [(one.verdict, one.head_seq) for one in rescued] != [
        (RescueVerdict.NEW, head[1] if head else 0)
    ]:
        raise _NotProvenError("not everything that was written to it came back")
    return f"{rescued[0].head_seq} entries were written to it and opened by a spare"


def _prove_standby(settings: Settings, box: Path, spare: Path, practice: Practice) -> str:
    """Let a standby follow, end the box in the middle of writing, and take over."""
    clock = SystemClock()
    own = practice_settings(settings, box)
    with serving(own) as leader:
        origin = f"http://localhost:{own.candidate_port}"
        with _standing_by(practice_settings(settings, spare, standby_of=origin)) as standby:
            attempt_id = _write_once(own.candidate_port, practice.codes[0])
            _wait(clock, lambda: _has_response(standby, attempt_id), FOLLOW_MS_MAX)
            leader.kill()
            leader.wait()
            began_ms = clock.monotonic_ms()
            room = take_over(standby.box, actor="rehearsal")
            took_ms = clock.monotonic_ms() - began_ms
            is_here = room.writer.look(
                lambda state, _now: any(key[0] == attempt_id for key in state.responses)
            )
            _write_once(standby.box.settings.candidate_port, practice.codes[0])
            begun_by_it = begun_by(room.writer.epoch, standby.box.identity.id)
    if not is_here:
        raise _NotProvenError("what a candidate had saved is not on the standby")
    if not begun_by_it:
        raise _NotProvenError("the standby goes on in the epoch of the box that is gone")
    if took_ms > TAKE_OVER_MS_MAX:
        raise _NotProvenError(f"taking over took {took_ms / 1000:.1f} s")
    return (
        f"it followed, took over in {took_ms / 1000:.1f} s with everything saved, and saves go on"
    )


@contextmanager
def _standing_by(settings: Settings) -> Iterator[ExamServer]:
    server = make_exam_server(settings)
    thread = threading.Thread(target=server.serve, name="standby", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()


def _write_once(port: int, code: str) -> str:
    """Sign a candidate in and save one response; return the attempt."""
    person = SigningInBrowser(code, "rehearsal0000")
    signed_in = Load(port, [person], Timing(EXCHANGE_SECONDS)).run()
    saver = SavingBrowser(person.attempt_id, person.cookie, change_no=person.acknowledged)
    saved = Load(port, [saver], Timing(EXCHANGE_SECONDS, requests_max=1)).run()
    if signed_in.failures or saved.right != 1:
        raise _NotProvenError("a candidate could not sign in and save")
    return person.attempt_id


def _has_response(standby: ExamServer, attempt_id: str) -> bool:
    following = standby.box.following
    if following is None:
        return False
    with following.lock:
        return any(key[0] == attempt_id for key in following.copy.state.responses)


def _wait(clock: SystemClock, reached: Callable[[], bool], ms_max: int) -> None:
    until_ms = clock.monotonic_ms() + ms_max
    pause = threading.Event()
    while not reached():
        if clock.monotonic_ms() > until_ms:
            raise _NotProvenError("it did not follow")
        pause.wait(0.1)


def _prove_recovery(settings: Settings, key_file: Path) -> str:
    """Open the copy beside this box's newest journal; without one, a copy made for the drill."""
    recovery = load_recovery_key_file(key_file)
    copies = sorted(
        (settings.data_dir / "journals").glob("*.recovery"), key=lambda one: one.stat().st_mtime
    )
    if copies:
        with copies[-1].open("rb") as file:
            _, key = read_recovery_copy(file.read(RECOVERY_COPY_MAX_BYTES), recovery=recovery)
        with JournalReader(copies[-1].with_suffix(".db"), key) as reader:
            head = reader.head()
        return f"it opens the newest journal of this box, {head[1] if head else 0} entries"
    public = load_pinned_centre(settings.data_dir / "keys").recovery
    if public is None:
        raise _NotProvenError("the centre of this box has published no recovery key")
    key = secrets.token_bytes(KEY_BYTES)
    if read_recovery_copy(
        write_recovery_copy("drill", key, recovery=public), recovery=recovery
    ) != ("drill", key):
        raise _NotProvenError("it opened something else")
    return "it opens what this box seals to its centre"
