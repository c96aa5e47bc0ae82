"""Beginning to follow a room session that another box leads, and ending it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from appliance.domain.epochs import begun_by
from appliance.domain.errors import CorruptionError
from appliance.platform.files import make_folder
from appliance.platform.one_at_a_time import held
from appliance.services.box import Box
from appliance.services.following import Follower, Following
from appliance.services.peers import BoxView
from appliance.storage.box_store import JournalRecord
from appliance.storage.database import KEY_BYTES
from appliance.storage.followed_journal import FollowedJournal
from appliance.storage.journals import resume_journal, set_aside
from appliance.storage.reading import JournalReader, JournalUnfinishedError, journal_path

RESCUE_LOCK = "rescue.lock"
"""In the data directory: whoever brings a room in from a stick or a disk holds it."""

_log = structlog.get_logger()


def begin_following(box: Box, view: BoxView, follower: Follower) -> Following | None:
    """Open the copy of the room session that a box leads, or begin one.

    A copy that cannot be used is set aside, never deleted, and a fresh one is begun.  None where
    this box has begun to lead while the other one was looked at: its journal is no copy any more.
    """
    with not_leading(box) as may_follow:
        if not may_follow:
            return None
        record = record_to_follow(box, view.journal_id or "")
        following = Following(record, open_copy(box, record), follower, view.box_id, view.origin)
        box.following = following
        return following


@contextmanager
def not_leading(box: Box) -> Iterator[bool]:
    """Say whether this box leads no room, and keep it so for the length of the block.

    A follower's turn may hang on the network while a person takes over; whatever it does to files
    afterwards must not be done to the journal of a leader.
    """
    with box.room_lock, held(box.settings.data_dir / RESCUE_LOCK) as is_free:
        yield is_free and box.room is None


def hold_copy(box: Box, follower: Follower) -> None:
    """Have a copy at hand that no box leads: its box is dead, or a rescue brought it here.

    So a person can take the room over, after a restart, too.  A copy that is at hand already is
    looked at again, because a rescue may add to it.
    """
    following = box.following
    if following is not None:
        with following.lock:
            if box.following is following:
                following.copy.catch_up()
                following.newest_at_ms = following.copy.head_at_ms() or None
        if following.copy.state.session.sealed_at_ms is not None:
            end_following(box, following)
        return
    record = _newest_copy(box)
    if record is None:
        return
    with not_leading(box) as may_follow:
        if not may_follow:
            return  # A rescue is filling it this moment, or somebody has just taken over.
        copy = open_copy(box, record)
        if copy.journal.head_seq > 0:
            box.following = Following(record, copy, follower, leader_id="", leader_origin="")
            return
    copy.close()


def _newest_copy(box: Box) -> JournalRecord | None:
    """Return the newest room session of another box that is not closed and lies here."""
    for record in reversed(box.store.journals()):
        path = journal_path(box.settings.data_dir, record.journal_id)
        if record.role == "following" and record.sealed_at_ms is None and path.exists():
            return record
    return None


def let_go_of_copy(box: Box) -> None:
    """Put away a copy that no box leads: a person has opened another room on this box."""
    following = box.following
    if following is not None and not following.leader_origin:
        end_following(box, following)


def open_copy(box: Box, record: JournalRecord) -> FollowedJournal:
    """Open the copy of a room session, or begin one; what cannot be used is set aside."""
    path = journal_path(box.settings.data_dir, record.journal_id)
    make_folder(path.parent)
    key = record.journal_key or b""
    try:
        return FollowedJournal(path, key, record.journal_id)
    except CorruptionError as damage:
        _log.error("copy_set_aside", journal_id=record.journal_id, error_key=damage.key)
        set_aside(path)
        return FollowedJournal(path, key, record.journal_id)


def record_to_follow(box: Box, journal_id: str) -> JournalRecord:
    """Return what is remembered of a room session, or begin to remember it as another box's."""
    for record in box.store.journals():
        if record.journal_id == journal_id:
            return record
    record = JournalRecord(
        journal_id=journal_id,
        journal_key=secrets.token_bytes(KEY_BYTES),
        room=box.settings.room,
        created_at_ms=box.clock.wall_ms(),
        sealed_at_ms=None,
        purged_at_ms=None,
        role="following",
    )
    box.store.add_journal(record)
    return record


def end_following(box: Box, following: Following) -> None:
    """Stop following: the room was closed, or this copy is not the one to go on with."""
    with box.room_lock:
        if box.following is following:
            box.following = None
    with following.lock:
        sealed_at_ms = following.copy.state.session.sealed_at_ms
        following.copy.close()
    if sealed_at_ms is not None:
        box.store.seal_journal(following.record.journal_id, sealed_at_ms)
        box.store.drop_roster_sittings(list(following.copy.state.sittings))


def known_origins(box: Box) -> list[str]:
    """Return where the boxes of the room are that this box last followed, as its copy says."""
    for record in reversed(box.store.journals()):
        path = journal_path(box.settings.data_dir, record.journal_id)
        if record.role == "leading" or record.sealed_at_ms is not None or not path.exists():
            continue
        try:
            with JournalReader(path, record.journal_key or b"") as reader:
                return reader.box_origins()
        except (CorruptionError, JournalUnfinishedError):
            continue
    return []


def finish_take_overs(box: Box) -> None:
    """Note that this box leads a room whose epoch it had begun when the power went."""
    for record in box.store.journals():
        path = journal_path(box.settings.data_dir, record.journal_id)
        if record.role != "following" or record.sealed_at_ms is not None or not path.exists():
            continue
        try:
            journal = resume_journal(path, record.journal_key or b"", record.journal_id)
        except CorruptionError as damage:
            # A copy that cannot be read led nobody; it is set aside when following begins.
            _log.error("copy_damaged", journal_id=record.journal_id, error_key=damage.key)
            continue
        journal.database.close()
        if begun_by(journal.epoch, box.identity.id):
            box.store.lead(record.journal_id)
