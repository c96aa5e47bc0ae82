"""Questions to a journal that its state in memory does not answer: history, report, digest.

Each opens a read-only connection of its own, so that no question ever holds up a save.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from appliance.domain.journal import Entry
from appliance.domain.revisions import ResponseValue, decode_revision, is_splice
from appliance.domain.room import CurrentResponse
from appliance.storage.database import open_database
from appliance.storage.driver_errors import translating
from appliance.storage.journals import ENTRY_COLUMNS
from appliance.storage.projections import response_rows

REVISIONS_SHOWN_MAX = 400


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a response, as it was."""

    revision_no: int
    saved_at_ms: int
    saved_by: str
    value: ResponseValue
    late: bool


class JournalQueries:
    """Read-only questions to one journal file."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        database = open_database(self._path, self._key, read_only=True)
        try:
            with translating(self._path):
                yield database
        finally:
            database.close()

    def responses(self, attempt_id: str) -> list[tuple[str, str, CurrentResponse]]:
        """Return (item_id, response_id, response) for everything an attempt has."""
        with self._reading() as database:
            return response_rows(database, attempt_id)

    def response_counts(self) -> dict[str, int]:
        """Return how many items each attempt has a response for."""
        with self._reading() as database:
            rows = database.conn.execute(
                "SELECT attempt_id, count(DISTINCT item_id) FROM current_responses "
                "WHERE value NOT IN ('null', '\"\"', '[]') GROUP BY attempt_id"
            )
            return {row[0]: row[1] for row in rows}

    def revisions(self, attempt_id: str, item_id: str, response_id: str) -> list[Revision]:
        """Return the newest revisions of one response, oldest first.

        Each entry names the one before it, so the walk touches only this response's entries; it
        goes on past the last shown until it meets a revision stored whole.
        """
        with self._reading() as database:
            row = database.conn.execute(
                "SELECT seq FROM current_responses "
                "WHERE attempt_id = ? AND item_id = ? AND response_id = ?",
                (attempt_id, item_id, response_id),
            ).fetchone()
            entries = list(_walk_back(database, row[0])) if row else []
        return _decoded(list(reversed(entries)))[-REVISIONS_SHOWN_MAX:]

    def entry_at(self, seq: int) -> Entry:
        """Return one entry, which must be there."""
        with self._reading() as database:
            row = database.conn.execute(
                f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq = ?", (seq,)
            ).fetchone()
            return Entry(*row)

    def value_at(self, seq: int) -> ResponseValue:
        """Return what a response amounts to after the entry `seq`, which saved it."""
        with self._reading() as database:
            return _decoded(list(reversed(list(_walk_back(database, seq)))))[-1].value

    def entries(self) -> list[Entry]:
        """Return every entry except clock ticks and single saves: what a report tells."""
        with self._reading() as database:
            rows = database.conn.execute(
                f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind NOT IN "
                "('clock_ticked', 'response_saved', 'item_visited', 'item_flagged') ORDER BY seq"
            )
            return [Entry(*row) for row in rows]

    def entries_about(self, subject: str, limit: int) -> list[Entry]:
        """Return the newest entries about one subject except single saves, newest first."""
        with self._reading() as database:
            rows = database.conn.execute(
                f"SELECT {ENTRY_COLUMNS} FROM entries WHERE subject = ? AND kind NOT IN "
                "('response_saved', 'item_visited', 'item_flagged') ORDER BY seq DESC LIMIT ?",
                (subject, limit),
            )
            return [Entry(*row) for row in rows]


def _walk_back(database: Database, seq: int) -> Iterator[Entry]:
    count = 0
    while seq:
        row = database.conn.execute(
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq = ?", (seq,)
        ).fetchone()
        entry = Entry(*row)
        yield entry
        count += 1
        body = entry.decoded_body()
        if count >= REVISIONS_SHOWN_MAX and not is_splice(body):
            return
        previous = body["p"]
        seq = previous if isinstance(previous, int) else 0


def _decoded(entries: list[Entry]) -> list[Revision]:
    revisions: list[Revision] = []
    value: ResponseValue = None
    for entry in entries:
        body = entry.decoded_body()
        value = decode_revision(value, body)
        number = body["n"]
        revisions.append(
            Revision(
                revision_no=number if isinstance(number, int) else 0,
                saved_at_ms=entry.at_ms,
                saved_by=entry.actor,
                value=value,
                late="late" in body,
            )
        )
    return revisions
