"""Reading journals beside the exam server: the sync agent's only way in, and it cannot write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.domain.errors import ExamroomError, TransientError
from appliance.domain.journal import Entry
from appliance.storage.attachments import attachments_path
from appliance.storage.database import open_database
from appliance.storage.driver_errors import translating
from appliance.storage.journals import entries_after

BOX_DATABASE_KEY = "box-database.key"
"""The credential that opens a box's second database, and through it every journal."""


@dataclass(frozen=True, slots=True)
class JournalInfo:
    """A journal that can be read: its file, its key, and whether it takes no more entries."""

    journal_id: str
    path: Path
    key: bytes
    sealed: bool


def journal_path(data_dir: Path, journal_id: str) -> Path:
    """Return where a journal's file lies."""
    return data_dir / "journals" / f"{journal_id}.db"


def list_journals(data_dir: Path, box_key: bytes) -> list[JournalInfo]:
    """Return the journals that a box has written and not purged, oldest first.

    A copy of a journal that another box writes is not among them: that box sends it.
    """
    rows = _box_rows(
        data_dir,
        box_key,
        "SELECT journal_id, journal_key, sealed_at_ms FROM journals "
        "WHERE journal_key IS NOT NULL AND role != 'following' "
        "ORDER BY created_at_ms, rowid",
    )
    return [
        JournalInfo(journal_id, journal_path(data_dir, journal_id), key, sealed is not None)
        for journal_id, key, sealed in rows
    ]


def list_open(data_dir: Path, box_key: bytes) -> list[str]:
    """Return the journals of rooms that this box leads and nobody has closed."""
    rows = _box_rows(
        data_dir,
        box_key,
        "SELECT journal_id FROM journals "
        "WHERE journal_key IS NOT NULL AND role = 'leading' AND sealed_at_ms IS NULL",
    )
    return [row[0] for row in rows]


def list_peers(data_dir: Path, box_key: bytes) -> list[tuple[str, bytes]]:
    """Return (sitting_id, public identity) of the boxes the centre gave a sitting, this one too."""
    rows = _box_rows(data_dir, box_key, "SELECT sitting_id, identity FROM peers ORDER BY box_id")
    return [(row[0], row[1]) for row in rows]


def _box_rows(data_dir: Path, box_key: bytes, query: str) -> list[tuple[Any, ...]]:
    """Ask a box's second database; nothing while there is none."""
    path = data_dir / "box.db"
    if not path.exists():
        return []
    database = open_database(path, box_key, read_only=True)
    try:
        with translating(path):
            return list(database.conn.execute(query).fetchall())
    finally:
        database.close()


def list_followed(data_dir: Path, box_key: bytes) -> list[str]:
    """Return the journals of which this box has a copy that another box writes."""
    query = "SELECT journal_id FROM journals WHERE journal_key IS NOT NULL AND role = 'following'"
    return [row[0] for row in _box_rows(data_dir, box_key, f"{query} ORDER BY rowid")]


class JournalUnfinishedError(TransientError):
    """Another thread or program is just making this journal."""

    key = "journal_unfinished"
    staff_message = "This room session is just being made. It is looked at again in a moment."


class JournalReader:
    """A read-only connection to one journal.  Use it as a context manager.

    Raises JournalUnfinishedError while there is nothing in the file yet.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._database = open_database(path, key, read_only=True)
        try:
            with translating(path):
                # All tables come in one transaction, a moment after the file.
                if not self._database.table_names():
                    raise JournalUnfinishedError
        except ExamroomError:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def head(self) -> tuple[int, int, bytes] | None:
        """Return (epoch, seq, hash) of the newest entry, or None while there is none."""
        with translating(self._path):
            row = self._database.conn.execute(
                "SELECT epoch, seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def entries_after(self, seq: int, limit: int) -> list[Entry]:
        """Return at most `limit` entries that follow `seq`, in order."""
        with translating(self._path):
            return entries_after(self._database, seq, limit)

    def sitting_ids(self) -> list[str]:
        """Return the ids of the sittings that this room session holds."""
        with translating(self._path):
            rows = self._database.conn.execute("SELECT sitting_id FROM sittings").fetchall()
        return [row[0] for row in rows]

    def box_origins(self) -> list[str]:
        """Return where candidates' pages reach the boxes of this room."""
        with translating(self._path):
            rows = self._database.conn.execute("SELECT origin FROM room_boxes").fetchall()
        return [row[0] for row in rows]


class AttachmentReader:
    """A read-only connection to the uploaded files of a journal, which may have none."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = attachments_path(path)
        self._database = (
            open_database(self._path, key, read_only=True) if self._path.exists() else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._database is not None:
            self._database.close()

    def list_files(self) -> list[tuple[str, int]]:
        """Return (sha256, size in bytes) of each file, oldest first."""
        if self._database is None:
            return []
        with translating(self._path):
            if "attachments" not in self._database.table_names():
                return []  # made this moment, and not yet filled
            rows = self._database.conn.execute(
                "SELECT sha256, length(data) FROM attachments ORDER BY received_at_ms, rowid"
            ).fetchall()
        return [(row[0], row[1]) for row in rows]

    def get(self, sha256: str) -> bytes | None:
        """Return a file, if it is there."""
        if self._database is None:
            return None
        with translating(self._path):
            row = self._database.conn.execute(
                "SELECT data FROM attachments WHERE sha256 = ?", (sha256,)
            ).fetchone()
        return row[0] if row else None
