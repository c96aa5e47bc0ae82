"""The tables of what a box knows between room sessions."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

box_migrations = Migrations("box")

_TABLES = (
    """
CREATE TABLE journals (
    journal_id TEXT PRIMARY KEY,
    journal_key BLOB CHECK (length(journal_key) = 32),
    room TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    sealed_at_ms INTEGER,
    purged_at_ms INTEGER,
    role TEXT NOT NULL CHECK (role IN ('leading', 'following', 'overtaken'))
) STRICT
""",
    """
CREATE TABLE staff (
    staff_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('invigilator', 'chief_invigilator', 'technician')),
    secret_hash TEXT NOT NULL,
    valid_from_ms INTEGER NOT NULL,
    valid_until_ms INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE staff_sign_ins (
    token_hash TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (staff_id),
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE packages (
    package_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    practice INTEGER NOT NULL CHECK (practice IN (0, 1)),
    received_at_ms INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE rosters (
    sitting_id TEXT PRIMARY KEY,
    roster_id TEXT NOT NULL,
    code_key BLOB NOT NULL,
    sitting TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE peers (
    sitting_id TEXT NOT NULL,
    box_id TEXT NOT NULL,
    identity BLOB NOT NULL,
    PRIMARY KEY (sitting_id, box_id)
) STRICT, WITHOUT ROWID
""",
    """
CREATE TABLE overtakings (
    journal_id TEXT PRIMARY KEY REFERENCES journals (journal_id),
    epoch_proof BLOB NOT NULL,
    noted_at_ms INTEGER NOT NULL,
    handed_over_at_ms INTEGER
) STRICT
""",
    """
CREATE TABLE release_tokens (
    package_id TEXT PRIMARY KEY,
    release_secret BLOB NOT NULL CHECK (length(release_secret) = 32),
    received_at_ms INTEGER NOT NULL
) STRICT
""",
    """
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL
) STRICT
""",
    """
CREATE TABLE client_secret (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT
""",
    """
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT
""",
)


@box_migrations()
def create_box(database: Database) -> None:
    """Everything a box knows before its first room session."""
    for table in _TABLES:
        database.execute(table)
