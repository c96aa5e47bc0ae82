"""Bringing a room in from a mirror stick or from the disk of a dead box, to go on with it here.

What is brought in becomes a copy as a standby has one: the standby's page shows up to which second
it goes, and a person takes over there.  What this box has already is never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Protocol

from appliance.domain.errors import InvalidInputError
from appliance.domain.journal import Entry
from appliance.platform.one_at_a_time import held
from appliance.services.box import Box
from appliance.services.follow import RESCUE_LOCK, open_copy, record_to_follow
from appliance.services.take_over import RescueUnderWayError
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import JournalRecord
from appliance.storage.followed_journal import FollowedJournal
from appliance.storage.reading import AttachmentReader, JournalReader, journal_path
from appliance.storage.release_secrets import ReleaseSecrets


class NothingToRescueError(InvalidInputError):
    """There is neither a mirror for this box nor a journal with its recovery copy."""

    key = "nothing_to_rescue"
    staff_message = (
        "There is no room in {path} that this box can read. Give the folder where a mirror stick "
        "of a box of the same room is mounted, or the data directory on the dead box's disk."
    )


class FoundRoom(Protocol):
    """What a stick or a disk has of one room session.

    `cut_short` and `files_lost` are right after `runs` and `files` have been gone through.
    """

    journal_id: str
    cut_short: bool
    files_lost: int

    def runs(self) -> Iterator[list[Entry]]:
        """Yield the entries from the first on without a gap, verified, some at a time."""

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield (SHA-256, bytes) of candidates' files, verified."""

    def release_secrets(self) -> dict[str, bytes]:
        """Return what opens released packages, by package; nothing where it is not there."""

    def promised_seq(self) -> int | None:
        """Return up to which entry there was to be something, if that can be told."""


class RescueVerdict(StrEnum):
    """What became of one room."""

    NEW = "new"
    NEWER = "newer"
    SAME = "same"
    OLDER = "older"
    CONFLICT = "conflict"
    OWN = "own"
    EMPTY = "empty"

    @property
    def is_here(self) -> bool:
        """Say whether this box has the room now, and all of it that was offered."""
        return self not in {RescueVerdict.CONFLICT, RescueVerdict.OWN, RescueVerdict.EMPTY}


@dataclass(frozen=True, slots=True)
class Rescued:
    """One room after a rescue.  `until_ms` (UTC) is when its newest entry here was written.

    `packages` are those of its exams by whether they are on this box, `opens` those among them
    that open without the release code.
    """

    journal_id: str
    verdict: RescueVerdict
    room: str = ""
    until_ms: int = 0
    head_seq: int = 0
    promised_seq: int | None = None
    candidates: int = 0
    writing: int = 0
    is_closed: bool = False
    cut_short: bool = False
    files: int = 0
    files_lost: int = 0
    packages: tuple[tuple[str, bool], ...] = ()
    opens: frozenset[str] = frozenset()


@contextmanager
def rescuing(box: Box) -> Iterator[None]:
    """Let nobody take over while rooms are brought in; raises RescueUnderWayError."""
    with held(box.settings.data_dir / RESCUE_LOCK) as is_free:
        if not is_free:
            raise RescueUnderWayError
        yield


def rescue_room(box: Box, found: FoundRoom) -> Rescued:
    """Bring one room in, inside `rescuing`.  Safe to repeat, and after a power cut half-way.

    Raises what a disk and a database can raise; what was brought in until then stays.
    """
    runs = found.runs()
    first = next(runs, None)
    if first is None:
        return Rescued(found.journal_id, RescueVerdict.EMPTY, cut_short=found.cut_short)
    known = [one for one in box.store.journals() if one.journal_id == found.journal_id]
    if known and known[0].role != "following":
        return _compare(box, known[0], found, chain([first], runs))
    record = record_to_follow(box, found.journal_id)
    copy = open_copy(box, record)
    try:
        verdict = _take_in(copy, chain([first], runs))
        if verdict is RescueVerdict.CONFLICT:
            return Rescued(found.journal_id, verdict, copy.state.session.room, copy.head_at_ms())
        files = _take_files(box, record, found)
        sealed_at_ms = copy.state.session.sealed_at_ms
        if sealed_at_ms is not None and record.sealed_at_ms is None:
            box.store.seal_journal(record.journal_id, sealed_at_ms)
        return _described(box, copy, found, verdict, files)
    finally:
        copy.close()


def _take_in(copy: FollowedJournal, runs: Iterator[list[Entry]]) -> RescueVerdict:
    """Append what the copy lacks; nothing where it is of another course of things."""
    had_seq, last_seq = copy.journal.head_seq, 0
    for run in runs:
        known = [entry for entry in run if entry.seq <= had_seq]
        # Hashes are chained: when the last one agrees, so do all before it.
        if known and copy.hash_at(known[-1].seq) != known[-1].hash:
            return RescueVerdict.CONFLICT
        if fresh := run[len(known) :]:
            copy.append(fresh)
        last_seq = run[-1].seq
    if last_seq < had_seq:
        return RescueVerdict.OLDER
    if last_seq == had_seq:
        return RescueVerdict.SAME
    return RescueVerdict.NEWER if had_seq else RescueVerdict.NEW


def _compare(
    box: Box, record: JournalRecord, found: FoundRoom, runs: Iterator[list[Entry]]
) -> Rescued:
    """Look at a room that this box has led itself; its own record is never touched."""
    path = journal_path(box.settings.data_dir, record.journal_id)
    last_seq, verdict, head_seq = 0, RescueVerdict.OWN, 0
    if record.journal_key is not None and path.exists():
        with JournalReader(path, record.journal_key) as reader:
            head = reader.head()
            head_seq = head[1] if head else 0
            for run in runs:
                known = [entry for entry in run if entry.seq <= head_seq]
                here = reader.entries_after(known[-1].seq - 1, 1) if known else []
                if known and here[0].hash != known[-1].hash:
                    verdict = RescueVerdict.CONFLICT
                last_seq = run[-1].seq
        if verdict is RescueVerdict.OWN and last_seq <= head_seq:
            verdict = RescueVerdict.SAME if last_seq == head_seq else RescueVerdict.OLDER
    return Rescued(found.journal_id, verdict, record.room, head_seq=head_seq)


def _take_files(box: Box, record: JournalRecord, found: FoundRoom) -> int:
    """Keep candidates' files and release secrets that are not here yet; return how many files."""
    key = record.journal_key or b""
    path = journal_path(box.settings.data_dir, record.journal_id)
    secrets = ReleaseSecrets(path, key)
    known = dict(secrets.all())
    for package_id, secret in found.release_secrets().items():
        if package_id not in known:
            secrets.keep(package_id, secret)
    with AttachmentReader(path, key) as reader:
        here = {sha256 for sha256, _ in reader.list_files()}
    attachments, count = None, 0
    try:
        for sha256, data in found.files():
            if sha256 not in here:
                attachments = attachments or Attachments(path, key)
                # Whose it is stands in the entry that names it.
                attachments.put(sha256, data, attempt_id="", at_ms=box.clock.wall_ms())
            count += 1
    finally:
        if attachments is not None:
            attachments.close()
    return count


def _described(
    box: Box, copy: FollowedJournal, found: FoundRoom, verdict: RescueVerdict, files: int
) -> Rescued:
    state = copy.state
    packages = sorted({one.package_id for one in state.sittings.values()})
    path, key = copy.journal.path, record_to_follow(box, found.journal_id).journal_key or b""
    return Rescued(
        journal_id=found.journal_id,
        verdict=verdict,
        room=state.session.room,
        until_ms=copy.head_at_ms(),
        head_seq=copy.journal.head_seq,
        promised_seq=found.promised_seq(),
        candidates=len(state.attempts),
        writing=sum(one.account.counting_since_ms is not None for one in state.attempts.values()),
        is_closed=state.session.sealed_at_ms is not None,
        cut_short=found.cut_short,
        files=files,
        files_lost=found.files_lost,
        packages=tuple((one, box.store.package(one) is not None) for one in packages),
        opens=frozenset(name for name, _ in ReleaseSecrets(path, key).all()),
    )
