"""Looking at every journal of this box from its first page to its last entry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.domain.errors import ExamroomError
from appliance.services.box import Box
from appliance.storage.box_store import JournalRecord
from appliance.storage.journals import open_journal, rebuild_projections, verify_journal
from appliance.storage.reading import AttachmentReader, journal_path


@dataclass(frozen=True, slots=True)
class Verified:
    """One journal, and what was found."""

    journal_id: str
    room: str
    is_intact: bool
    said: str


def verify_journals(box: Box, *, rebuild: bool) -> Iterator[Verified]:
    """Yield each journal after it was looked at; with `rebuild` its projections are made anew.

    A room that is open is only looked at: its exam server has the projections in its hands.
    """
    for record in box.store.journals():
        if record.journal_key is None:
            continue
        try:
            is_intact, said = _look(box, record, record.journal_key, rebuild=rebuild)
        except (ExamroomError, OSError) as damage:
            is_intact, said = False, str(damage)
        yield Verified(record.journal_id, record.room, is_intact, said)


def _look(box: Box, record: JournalRecord, key: bytes, *, rebuild: bool) -> tuple[bool, str]:
    path = journal_path(box.settings.data_dir, record.journal_id)
    journal = open_journal(path, key, record.journal_id)
    try:
        said = f"{verify_journal(journal)} entries, intact"
        if rebuild and record.sealed_at_ms is None:
            said += "; not rebuilt, because this room is not closed"
        elif rebuild:
            rebuild_projections(journal)
            said += "; rebuilt"
    finally:
        journal.database.close()
    with AttachmentReader(path, key) as reader:
        names = [name for name, _ in reader.list_files()]
        damaged = [
            name for name in names if hashlib.sha256(reader.get(name) or b"").hexdigest() != name
        ]
    if damaged:
        return False, f"{said}; {len(damaged)} of {len(names)} files of candidates are damaged"
    return True, f"{said}; {len(names)} files of candidates"
