"""The copy of a journal on a box that follows: entries are checked and made durable as they are.

A copy has the same tables as the journal it follows, so that taking over is opening it to write.
Its projections are kept up to date with every run of entries; nothing has to be rebuilt then.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.domain.errors import ConflictError, TransientError
from appliance.domain.evolve import evolve
from appliance.domain.journal import Entry, verify_chain
from appliance.domain.room import RoomState
from appliance.storage.database import write_transaction
from appliance.storage.driver_errors import translating
from appliance.storage.journals import (
    Journal,
    advance,
    entries_after,
    insert_entries,
    read_head,
    require_intact_pages,
    resume_journal,
)
from appliance.storage.projections import StoredResponses, load_state, save_touched


class EpochBackwardsError(ConflictError):
    """Entries of an epoch that was over already."""

    key = "epoch_backwards"
    staff_message = (
        "A box that had been overtaken sent entries as if it still led the room. They were not "
        "taken in here. Nothing is lost: that box keeps them and hands them over."
    )


class CopyMovedOnError(TransientError):
    """Another process has added to the copy meanwhile."""

    key = "copy_moved_on"
    staff_message = (
        "The copy of the room was brought up to date from a stick or a disk meanwhile. "
        "This box looks at it again by itself."
    )


class FollowedJournal:
    """A journal that another box writes.  One thread at a time."""

    def __init__(self, path: Path, key: bytes, journal_id: str) -> None:
        """Open the copy, or begin it.  Raises what `resume_journal` raises, and CorruptionError."""
        self._journal = resume_journal(path, key, journal_id)
        require_intact_pages(self._journal)
        self._state = load_state(self._journal.database, journal_id)

    @property
    def journal(self) -> Journal:
        """Return the journal as far as it is here."""
        return self._journal

    @property
    def state(self) -> RoomState:
        """Return the room as these entries have it.  Only to be read."""
        return self._state

    def hash_at(self, seq: int) -> bytes:
        """Return the hash of an entry that is here."""
        with translating(self._journal.path):
            return entries_after(self._journal.database, seq - 1, 1)[0].hash

    def head_at_ms(self) -> int:
        """Return when the newest entry was written (UTC, ms), 0 while there is none."""
        with translating(self._journal.path):
            newest = entries_after(self._journal.database, self._journal.head_seq - 1, 1)
        return newest[0].at_ms if newest else 0

    def catch_up(self) -> None:
        """See what another process has added: a rescue may bring more while the box runs."""
        journal = self._journal
        with translating(journal.path):
            epoch, seq, head = read_head(journal.database, journal.journal_id)
        if seq != journal.head_seq:
            journal.epoch, journal.head_seq, journal.head_hash = epoch, seq, head
            self._state = load_state(journal.database, journal.journal_id)

    def append(self, entries: Sequence[Entry]) -> None:
        """Make a run of entries durable, all of it or nothing.

        Raises ChainBrokenError where it does not continue what is here, EpochBackwardsError,
        CopyMovedOnError, and what a disk can raise; then nothing has changed.
        """
        journal = self._journal
        verify_chain(entries, previous=journal.head_hash, after_seq=journal.head_seq)
        if any(
            later.epoch < earlier
            for earlier, later in zip(
                (journal.epoch, *(one.epoch for one in entries)), entries, strict=False
            )
        ):
            raise EpochBackwardsError
        try:
            with translating(journal.path), write_transaction(journal.database):
                if read_head(journal.database, journal.journal_id)[1] != journal.head_seq:
                    raise CopyMovedOnError
                insert_entries(journal.database, entries)
                for entry in entries:
                    evolve(self._state, entry, entry.decoded_body())
                save_touched(journal.database, self._state)
        except BaseException:
            # What is in memory may be ahead of what is durable, or behind it.
            self._state = load_state(journal.database, journal.journal_id)
            self.catch_up()
            raise
        advance(journal, entries)
        if isinstance(self._state.responses, StoredResponses):
            self._state.responses.trim()

    def close(self) -> None:
        """Fold the log back and close the file."""
        self._journal.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._journal.database.close()
