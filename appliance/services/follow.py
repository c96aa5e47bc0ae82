"""Beginning to follow a room session that another box leads, and ending it."""

from __future__ import annotations

import secrets

import structlog

from appliance.domain.epochs import begun_by
from appliance.domain.errors import CorruptionError
from appliance.platform.files import make_folder
from appliance.services.box import Box
from appliance.services.following import Follower, Following
from appliance.services.peers import BoxView
from appliance.storage.box_store import JournalRecord
from appliance.storage.database import KEY_BYTES
from appliance.storage.followed_journal import FollowedJournal
from appliance.storage.journals import resume_journal, set_aside
from appliance.storage.reading import JournalReader, journal_path

_log = structlog.get_logger()


def begin_following(box: Box, view: BoxView, follower: Follower) -> Following:
    """Open the copy of the room session that a box leads, or begin one.

    A copy that cannot be used is set aside, never deleted, and a fresh one is begun.
    """
    record = _record(box, view.journal_id or "")
    path = journal_path(box.settings.data_dir, record.journal_id)
    make_folder(path.parent)
    key = record.journal_key or b""
    try:
        copy = FollowedJournal(path, key, record.journal_id)
    except CorruptionError as damage:
        _log.error("copy_set_aside", journal_id=record.journal_id, error_key=damage.key)
        set_aside(path)
        copy = FollowedJournal(path, key, record.journal_id)
    following = Following(record, copy, follower, view.box_id, view.origin)
    with box.room_lock:
        box.following = following
    return following


def _record(box: Box, journal_id: str) -> JournalRecord:
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
        except CorruptionError:
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
