"""Rooms that were closed on this box, and how much of each the centre has confirmed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from appliance.domain.errors import ExamroomError
from appliance.formats.receipt import Receipt
from appliance.services.box import Box
from appliance.services.centre_receipts import (
    delivered_files,
    newest_confirmation,
    read_receipts,
)
from appliance.storage.box_store import JournalRecord
from appliance.storage.reading import AttachmentReader, JournalReader, journal_path

SHOWN_MAX = 5
"""What came before has long been looked at, or purged."""


@dataclass(frozen=True, slots=True)
class ClosedRoom:
    """A room session that takes no more entries, and what the centre has not confirmed of it."""

    closed_at_ms: int
    is_readable: bool = False
    entries_missing: int = 0
    files_missing: int = 0

    @property
    def is_at_centre(self) -> bool:
        """Say whether the centre has confirmed every entry and every file."""
        return self.is_readable and not self.entries_missing and not self.files_missing


def closed_rooms(box: Box) -> tuple[ClosedRoom, ...]:
    """Return the rooms that this box led and closed, newest first."""
    receipts, delivered = _confirmed(box)
    closed = [one for one in box.store.journals() if one.role == "leading" and one.sealed_at_ms]
    newest = sorted(closed, key=lambda one: one.sealed_at_ms or 0, reverse=True)[:SHOWN_MAX]
    return tuple(
        _look(box, one, one.journal_key, receipts, delivered.get(one.journal_id, set()))
        for one in newest
        if one.journal_key is not None
    )


def _confirmed(box: Box) -> tuple[list[Receipt], dict[str, set[str]]]:
    """Return the centre's receipts, and by journal the files that it has."""
    try:
        centre = box.centre()
    except ExamroomError:
        # Not enrolled: no centre has confirmed anything.
        return [], {}
    data_dir = box.settings.data_dir
    return read_receipts(data_dir, centre), delivered_files(data_dir, centre)


def _look(
    box: Box,
    record: JournalRecord,
    key: bytes,
    receipts: list[Receipt],
    delivered: AbstractSet[str],
) -> ClosedRoom:
    path = journal_path(box.settings.data_dir, record.journal_id)
    closed_at_ms = record.sealed_at_ms or 0
    try:
        with JournalReader(path, key) as journal, AttachmentReader(path, key) as attachments:
            head = journal.head()
            confirmed = newest_confirmation(receipts, record.journal_id, journal)
            files = {sha256 for sha256, _ in attachments.list_files()}
    except ExamroomError:
        return ClosedRoom(closed_at_ms)
    confirmed_seq = confirmed.contiguous_seq if confirmed else 0
    return ClosedRoom(
        closed_at_ms,
        is_readable=True,
        entries_missing=max(0, (head[1] if head else 0) - confirmed_seq),
        files_missing=len(files - delivered),
    )
