"""Files that candidates upload: beside the journal, in an encrypted database under the same key.

Entries name an attachment by its SHA-256; the bytes lie here, so that large files never pass
through the journal or hold up a save.  The same file twice is stored once.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from sqlite_utils import Database, Migrations

from appliance.domain.errors import InvalidInputError
from appliance.storage.database import (
    create_schema,
    open_database,
    require_schema,
    write_transaction,
)
from appliance.storage.driver_errors import translating

attachment_migrations = Migrations("attachments")

_ATTACHMENTS = """
CREATE TABLE attachments (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    attempt_id TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT
"""


@attachment_migrations()
def create_attachments(database: Database) -> None:
    """One row for each file."""
    database.execute(_ATTACHMENTS)


class AttachmentAlteredError(InvalidInputError):
    """The bytes are not those that their name says."""

    key = "attachment_altered"
    staff_message = "A file of a candidate arrived altered. The page sends it again by itself."
    candidate_message = "The file did not arrive whole. It is sent again."


def attachments_path(journal_path: Path) -> Path:
    """Return where the attachments of a journal lie."""
    return journal_path.with_name(f"{journal_path.stem}.attachments.db")


class Attachments:
    """The uploaded files of one room session.  Any thread may call."""

    def __init__(self, journal_path: Path, key: bytes) -> None:
        self._path = attachments_path(journal_path)
        self._lock = threading.Lock()
        self._database = open_database(self._path, key)
        if not self._database.table_names():
            create_schema(self._database, attachment_migrations)
        require_schema(self._database, attachment_migrations, self._path)

    def put(self, sha256: str, data: bytes, *, attempt_id: str, at_ms: int) -> None:
        """Make a file durable.  Raises AttachmentAlteredError if it is not the one named."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise AttachmentAlteredError
        with self._lock, translating(self._path), write_transaction(self._database):
            self._database.conn.execute(
                "INSERT OR IGNORE INTO attachments VALUES (?, ?, ?, ?)",
                (sha256, attempt_id, at_ms, data),
            )

    def get(self, sha256: str) -> bytes | None:
        """Return a file, if it is here."""
        with self._lock, translating(self._path):
            row = self._database.conn.execute(
                "SELECT data FROM attachments WHERE sha256 = ?", (sha256,)
            ).fetchone()
        return row[0] if row else None

    def total_bytes(self, attempt_id: str) -> int:
        """Return how much one attempt has uploaded."""
        with self._lock, translating(self._path):
            row = self._database.conn.execute(
                "SELECT coalesce(sum(length(data)), 0) FROM attachments WHERE attempt_id = ?",
                (attempt_id,),
            ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()
