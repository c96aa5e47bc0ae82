"""One room session's journal file: made, opened, checked, rebuilt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from appliance.domain.evolve import evolve
from appliance.domain.journal import Entry, chain_start, verify_chain
from appliance.domain.room import RoomState
from appliance.storage.database import (
    create_schema,
    open_database,
    require_schema,
    write_transaction,
)
from appliance.storage.driver_errors import DatabaseCorruptError, translating
from appliance.storage.journal_schema import journal_migrations
from appliance.storage.projections import empty_projections, load_state, save_touched

ENTRY_COLUMNS = "epoch, seq, at_ms, kind, actor, subject, body, hash"
_INSERT = f"INSERT INTO entries ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
READ_AT_ONCE = 2000
REBUILD_AT_ONCE = 5000


@dataclass(slots=True)
class Journal:
    """An open journal: its database, and where its chain has come to."""

    journal_id: str
    path: Path
    database: Database
    epoch: int
    head_seq: int
    head_hash: bytes


def create_journal(path: Path, key: bytes, journal_id: str) -> Journal:
    """Make the file of a new room session."""
    database = open_database(path, key)
    create_schema(database, journal_migrations)
    return Journal(journal_id, path, database, 1, 0, chain_start(journal_id))


def open_journal(path: Path, key: bytes, journal_id: str) -> Journal:
    """Open a journal to go on with it.

    Raises DatabaseKeyError, DatabaseCorruptError, DatabaseVersionError.
    """
    with translating(path):
        path.stat()
    return _at_head(open_database(path, key), path, journal_id)


def resume_journal(path: Path, key: bytes, journal_id: str) -> Journal:
    """Open a journal, or make it where the power went before anything was in it.

    Raises what `open_journal` raises.
    """
    database = open_database(path, key)
    with translating(path):
        if not database.table_names():
            create_schema(database, journal_migrations)
    return _at_head(database, path, journal_id)


def _at_head(database: Database, path: Path, journal_id: str) -> Journal:
    with translating(path):
        require_schema(database, journal_migrations, path)
        epoch, seq, head = read_head(database, journal_id)
    return Journal(journal_id, path, database, epoch, seq, head)


def read_head(database: Database, journal_id: str) -> tuple[int, int, bytes]:
    """Return (epoch, seq, hash) of the newest entry; of the beginning while there is none."""
    row = database.conn.execute(
        "SELECT epoch, seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return (row[0], row[1], row[2]) if row else (1, 0, chain_start(journal_id))


def set_aside(path: Path) -> Path:
    """Rename a journal's file that is not to be used any more; it is never deleted.

    The file must be closed.  Its key stays what it was.
    """
    number = 1
    while (aside := path.with_name(f"{path.stem}.aside-{number}.db")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.replace(aside.with_name(aside.name + suffix))
    path.replace(aside)
    return aside


def advance(journal: Journal, entries: Sequence[Entry]) -> None:
    """Note that these entries are the newest."""
    journal.epoch, journal.head_seq, journal.head_hash = (
        entries[-1].epoch,
        entries[-1].seq,
        entries[-1].hash,
    )


def insert_entries(database: Database, entries: Sequence[Entry]) -> None:
    """Append entries, inside the caller's transaction."""
    database.conn.executemany(_INSERT, map(_row, entries))


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.epoch,
        entry.seq,
        entry.at_ms,
        entry.kind,
        entry.actor,
        entry.subject,
        entry.body,
        entry.hash,
    )


def entries_after(database: Database, seq: int, limit: int) -> list[Entry]:
    """Return at most `limit` entries that follow `seq`, in order."""
    rows = database.conn.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [Entry(*row) for row in rows]


def all_entries(database: Database) -> Iterator[Entry]:
    """Yield every entry in order, reading a bounded number at a time."""
    seq = 0
    while chunk := entries_after(database, seq, READ_AT_ONCE):
        yield from chunk
        seq = chunk[-1].seq


def require_intact_pages(journal: Journal) -> None:
    """Check the seal of every page of the file; raises DatabaseCorruptError."""
    with translating(journal.path):
        # A power cut while the log is folded back leaves half-written pages in the file, which are
        # whole in the log.  The check reads the file alone, so they are put right first.
        journal.database.conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
        damaged = journal.database.conn.execute("PRAGMA cipher_integrity_check").fetchall()
    if damaged:
        raise DatabaseCorruptError(file=journal.path.name)


def verify_journal(journal: Journal) -> int:
    """Check every page and the whole chain; return how many entries there are.

    Raises DatabaseCorruptError or ChainBrokenError.
    """
    require_intact_pages(journal)
    start = chain_start(journal.journal_id)
    with translating(journal.path):
        verify_chain(all_entries(journal.database), previous=start, after_seq=0)
    return journal.head_seq


def rebuild_projections(journal: Journal) -> RoomState:
    """Make all projections anew from the entries, in one transaction; return the state."""
    with translating(journal.path), write_transaction(journal.database):
        empty_projections(journal.database)
        state = load_state(journal.database, journal.journal_id)
        for count, entry in enumerate(all_entries(journal.database), start=1):
            evolve(state, entry, entry.decoded_body())
            if count % REBUILD_AT_ONCE == 0:
                save_touched(journal.database, state)
        save_touched(journal.database, state)
    return state
