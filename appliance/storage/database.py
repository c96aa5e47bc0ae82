"""Opening an encrypted database, with every setting that durability hangs on, checked.

SQLCipher with a raw 32-byte key (a passphrase would cost 150 ms an opening).  A connection is
used by one thread at a time.  WAL with synchronous=FULL: a commit that returned is on the disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as driver
from sqlite_utils import Database, Migrations

from appliance.domain.errors import InvariantViolated
from appliance.storage.driver_errors import DatabaseVersionError, translating

KEY_BYTES = 32
BUSY_TIMEOUT_MS = 5000
SYNCHRONOUS_FULL = 2


def open_database(path: Path, key: bytes, *, read_only: bool = False) -> Database:
    """Open `path` with the raw `key`; make it if it is not there and `read_only` is False.

    Raises DatabaseKeyError, DatabaseCorruptError or DatabaseBusyError.
    """
    if len(key) != KEY_BYTES:
        raise InvariantViolated("a database key has 32 bytes")
    mode = "ro" if read_only else "rwc"
    with translating(path):
        connection = driver.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            _settle(connection, read_only=read_only)
        except BaseException:
            connection.close()
            raise
    return Database(connection)


def _settle(connection: driver.Connection, *, read_only: bool) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # The log is folded back every 16 MiB, so that it never grows with the length of an exam.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA journal_size_limit = 33554432")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or synchronous != SYNCHRONOUS_FULL:
        raise InvariantViolated(f"not durable: journal_mode={mode} synchronous={synchronous}")


@contextmanager
def write_transaction(database: Database) -> Iterator[None]:
    """Hold the write lock from the start.  A deferred transaction would fail half-way instead."""
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("ROLLBACK")
        raise
    database.conn.execute("COMMIT")


def create_schema(database: Database, migrations: Migrations) -> None:
    """Bring a database to the newest schema, at once or not at all.

    A power cut half-way would else leave a file that no version of the program knows.
    """
    with write_transaction(database):
        migrations.apply(database)


def bring_up_to_date(database: Database, migrations: Migrations, path: Path) -> None:
    """Add what this version has and the one before had not, all at once or nothing.

    A migration after the first only adds tables.  So a database that a newer version has written is
    good for this one, too, which leaves alone what it does not know: a machine that falls back to
    the system it had before finds everything.  Raises DatabaseVersionError for one of another line.
    """
    applied, ours = _applied(database, migrations, path), _names(migrations)
    known = min(len(applied), len(ours))
    is_ours = bool(applied) or not database.table_names()
    if not is_ours or applied[:known] != ours[:known]:
        raise _another_version(path, applied, ours)
    if known < len(ours):
        with translating(path):
            create_schema(database, migrations)


def require_schema(database: Database, migrations: Migrations, path: Path) -> None:
    """Raise DatabaseVersionError unless exactly our migrations have been applied, in our order."""
    applied, ours = _applied(database, migrations, path), _names(migrations)
    if applied != ours:
        raise _another_version(path, applied, ours)


def _applied(database: Database, migrations: Migrations, path: Path) -> list[str]:
    with translating(path):
        return [one.name for one in migrations.applied(database)]


def _names(migrations: Migrations) -> list[str]:
    return [one.name for one in migrations._migrations]


def _another_version(path: Path, applied: list[str], ours: list[str]) -> DatabaseVersionError:
    missing = [name for name in ours if name not in applied]
    foreign = [name for name in applied if name not in ours]
    difference = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(foreign)}"
    return DatabaseVersionError(file=path.name, difference=difference)
