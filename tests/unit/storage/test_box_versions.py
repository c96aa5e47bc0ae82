"""The box's database across versions of the program: forward, back, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from appliance.storage import box_store
from appliance.storage.attachments import attachment_migrations
from appliance.storage.box_schema import box_migrations, create_box
from appliance.storage.box_store import BoxStore
from appliance.storage.database import open_database
from appliance.storage.driver_errors import DatabaseVersionError
from appliance.storage.journal_schema import journal_migrations

KEY = bytes(range(32))
AT_MS = 1_795_454_187_323


def _newer() -> Migrations:
    newer = Migrations("box")
    newer()(create_box)

    @newer()
    def add_bells(database: Database) -> None:
        database.execute("CREATE TABLE bells (room TEXT PRIMARY KEY) STRICT")

    return newer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the database of a box that has noted its pulse with this version."""
    path = tmp_path / "box.db"
    store = BoxStore(path, KEY)
    store.note_pulse(AT_MS)
    store.close()
    return path


def _tables(path: Path) -> dict[str, str]:
    database = open_database(path, KEY)
    try:
        rows = database.conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        return dict(rows.fetchall())
    finally:
        database.close()


def test_a_newer_version_adds_its_tables_and_keeps_every_row(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the box knew before the update, it knows after it."""
    before = _tables(path)
    monkeypatch.setattr(box_store, "box_migrations", _newer())
    store = BoxStore(path, KEY)
    assert store.pulse_ms() == AT_MS
    store.close()
    assert set(_tables(path)) - set(before) == {"bells"}


def test_a_box_that_falls_back_opens_what_the_newer_version_wrote(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves alone what it does not know, and the newer version can be tried again."""
    with monkeypatch.context() as updated:
        updated.setattr(box_store, "box_migrations", _newer())
        BoxStore(path, KEY).close()
    store = BoxStore(path, KEY)
    store.note_pulse(AT_MS + 1)
    store.close()
    assert "bells" in _tables(path)
    monkeypatch.setattr(box_store, "box_migrations", _newer())
    store = BoxStore(path, KEY)
    assert store.pulse_ms() == AT_MS + 1
    store.close()


def test_an_addition_that_fails_half_way_leaves_the_database_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both additions or none: the first of two goes with the second."""
    before = _tables(path)
    broken = _newer()

    @broken()
    def add_nothing_that_works(database: Database) -> None:
        database.execute("CREATE TABLE bells (room TEXT) STRICT")

    with monkeypatch.context() as updated:
        updated.setattr(box_store, "box_migrations", broken)
        with pytest.raises(Exception, match="bells"):
            BoxStore(path, KEY)
    assert _tables(path) == before
    BoxStore(path, KEY).close()


def test_a_database_of_another_line_is_refused_and_unchanged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that begins otherwise is not ours."""
    before = _tables(path)
    other = Migrations("box")

    @other()
    def begin_otherwise(database: Database) -> None:
        database.execute("CREATE TABLE otherwise (room TEXT) STRICT")

    monkeypatch.setattr(box_store, "box_migrations", other)
    with pytest.raises(DatabaseVersionError, match="begin_otherwise"):
        BoxStore(path, KEY)
    assert _tables(path) == before


def test_a_file_with_tables_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written beside them."""
    path = tmp_path / "box.db"
    database = open_database(path, KEY)
    database.execute("CREATE TABLE journals (name TEXT)")
    database.close()
    before = _tables(path)
    with pytest.raises(DatabaseVersionError, match="create_box"):
        BoxStore(path, KEY)
    assert _tables(path) == before


def _changed_by_later_ones(migrations: Migrations) -> list[str]:
    """Return the migrations after which a table that was there before is another."""
    database = Database(memory=True)
    changed: list[str] = []
    before: dict[str, str] = {}
    for one in migrations._migrations:
        one.fn(database)
        rows = database.execute("SELECT name, sql FROM sqlite_schema")
        now = dict(rows.fetchall())
        if any(now.get(name) != sql for name, sql in before.items()):
            changed.append(one.name)
        before = now
    return changed


@pytest.mark.parametrize("migrations", [box_migrations, journal_migrations, attachment_migrations])
def test_a_migration_only_adds(migrations: Migrations) -> None:
    """A version to which a machine falls back finds every table as it knows it."""
    assert _changed_by_later_ones(migrations) == []


def test_a_migration_that_changes_a_table_is_seen() -> None:
    """The test above can fail."""
    changing = _newer()

    @changing()
    def change_bells(database: Database) -> None:
        database.execute("ALTER TABLE bells ADD COLUMN loud INTEGER")

    assert _changed_by_later_ones(changing) == ["change_bells"]
