"""Opening the centre's database: SQLite for one school, PostgreSQL for an institution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sync.central.tables import change_counter, metadata

BUSY_SECONDS = 15
POOL_CONNECTIONS = 16

Row = dict[str, Any]


def open_database(url: str) -> Engine:
    """Return an engine; tables are made where they are missing."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _settle_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url,
            pool_size=POOL_CONNECTIONS,
            pool_pre_ping=True,  # a connection that the database has closed is replaced
        )
    metadata.create_all(engine)
    with write(engine) as connection:
        insert_missing(connection, change_counter, [{"counter_id": 1, "change_no": 0}])
    return engine


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write; on SQLite it holds the write lock from its start."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A connection for reading: on SQLite without the write lock."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def all_rows(connection: Connection, statement: Select[Any]) -> list[Row]:
    """Return the rows of a query by column name."""
    return [dict(row) for row in connection.execute(statement).mappings()]


def one_row(connection: Connection, statement: Select[Any]) -> Row | None:
    """Return the only row of a query, or None."""
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else dict(row)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; return how many."""
    if not rows:
        return 0
    statement = _insert(connection)(table).values(list(rows)).on_conflict_do_nothing()
    # Counted by what comes back: drivers differ in what they say about rows.
    return len(connection.execute(statement.returning(*table.primary_key)).all())


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those with the same primary key; all rows name all columns."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = _insert(connection)(table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def _insert(connection: Connection) -> Any:
    """Both databases know ON CONFLICT; SQLAlchemy spells it in two dialects."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def _settle_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # pysqlite must not begin transactions by itself: it would begin them deferred.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction would fail half-way when another one writes.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
