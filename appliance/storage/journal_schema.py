"""The tables of a room session's journal.  Forward only; never migrated during a sitting."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

journal_migrations = Migrations("journal")

_ENTRIES = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT
"""

_SESSION = """
CREATE TABLE session (
    journal_id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    practice INTEGER NOT NULL CHECK (practice IN (0, 1)),
    opened_at_ms INTEGER,
    opened_by TEXT NOT NULL,
    sealed_at_ms INTEGER,
    clock_ms INTEGER NOT NULL,
    tick_at_ms INTEGER NOT NULL,
    tick_monotonic_ms INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    checkpoint_seq INTEGER NOT NULL
) STRICT
"""

_SITTINGS = """
CREATE TABLE sittings (
    sitting_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    package_id TEXT NOT NULL,
    duration_seconds INTEGER NOT NULL CHECK (duration_seconds > 0),
    planned_start_at_ms INTEGER,
    state TEXT NOT NULL CHECK (state IN
        ('planned', 'loaded', 'released', 'running', 'paused', 'ended', 'sealed')),
    released_by TEXT,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    locked_browser TEXT
) STRICT
"""

_ATTEMPTS = """
CREATE TABLE attempts (
    attempt_id TEXT PRIMARY KEY,
    sitting_id TEXT NOT NULL REFERENCES sittings (sitting_id),
    candidate_id TEXT NOT NULL,
    number TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    anonymous_code TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    accommodations TEXT NOT NULL,
    allotted_seconds INTEGER NOT NULL CHECK (allotted_seconds >= 0),
    used_ms INTEGER NOT NULL CHECK (used_ms >= 0),
    counting_since_ms INTEGER,
    state TEXT NOT NULL CHECK (state IN ('expected', 'admitted', 'writing', 'suspended',
        'submitted', 'closed', 'absent', 'on_paper')),
    seat TEXT,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    client_id TEXT,
    waiting_client_id TEXT,
    extended_seconds INTEGER NOT NULL,
    checked_in_by TEXT,
    started_at_ms INTEGER,
    submitted_at_ms INTEGER,
    submitted_by TEXT,
    submitted_clock_ms INTEGER,
    submitted_seq INTEGER,
    help_asked_at_ms INTEGER,
    lost_at_ms INTEGER,
    away_seconds INTEGER NOT NULL,
    replaced_count INTEGER NOT NULL
) STRICT
"""

_CLIENTS = """
CREATE TABLE clients (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    client_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    acknowledged_change_no INTEGER NOT NULL,
    saved_at_ms INTEGER,
    has_held INTEGER NOT NULL CHECK (has_held IN (0, 1)),
    PRIMARY KEY (attempt_id, client_id)
) STRICT, WITHOUT ROWID
"""

_CURRENT_RESPONSES = """
CREATE TABLE current_responses (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    item_id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    value TEXT NOT NULL,
    revision_no INTEGER NOT NULL CHECK (revision_no > 0),
    splice_count INTEGER NOT NULL CHECK (splice_count >= 0),
    seq INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    change_no INTEGER NOT NULL,
    saved_at_ms INTEGER NOT NULL,
    late INTEGER NOT NULL CHECK (late IN (0, 1)),
    PRIMARY KEY (attempt_id, item_id, response_id)
) STRICT
"""

_KEPT_ASIDE = """
CREATE TABLE kept_aside (
    kept_id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    item_id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    client_id TEXT NOT NULL,
    change_no INTEGER NOT NULL,
    kept_at_ms INTEGER NOT NULL,
    decision TEXT CHECK (decision IN ('taken', 'left'))
) STRICT
"""

_MESSAGES = """
CREATE TABLE messages (
    message_id TEXT PRIMARY KEY,
    sitting_id TEXT NOT NULL REFERENCES sittings (sitting_id),
    attempt_id TEXT REFERENCES attempts (attempt_id),
    text TEXT NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    sent_by TEXT NOT NULL
) STRICT
"""

_IRREGULARITIES = """
CREATE TABLE irregularities (
    irregularity_id TEXT PRIMARY KEY,
    attempt_id TEXT REFERENCES attempts (attempt_id),
    text TEXT NOT NULL,
    written_at_ms INTEGER NOT NULL,
    written_by TEXT NOT NULL
) STRICT
"""

_ITEM_MARKS = """
CREATE TABLE item_marks (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    item_id TEXT NOT NULL,
    flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    visited_at_ms INTEGER,
    PRIMARY KEY (attempt_id, item_id)
) STRICT, WITHOUT ROWID
"""

_ROOM_BOXES = """
CREATE TABLE room_boxes (
    box_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    continues_seq INTEGER NOT NULL,
    handed_over_epoch INTEGER NOT NULL,
    handed_over_seq INTEGER NOT NULL
) STRICT
"""

_LOST_TIME = """
CREATE TABLE lost_time (
    lost_id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    began_at_ms INTEGER NOT NULL,
    began_clock_ms INTEGER NOT NULL,
    began_used_ms INTEGER NOT NULL,
    writing_count INTEGER NOT NULL,
    seconds INTEGER CHECK (seconds >= 0),
    unsent_count INTEGER NOT NULL,
    decision TEXT CHECK (decision IN ('granted', 'declined')),
    granted_seconds INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT
"""

# What opens the released packages again after a restart.  Never an entry, so it never leaves the
# box, and it is gone when the journal's key is.
_RELEASE_SECRETS = """
CREATE TABLE release_secrets (
    package_id TEXT PRIMARY KEY,
    release_secret BLOB NOT NULL CHECK (length(release_secret) = 32)
) STRICT
"""

PROJECTION_TABLES = (
    "lost_time",
    "room_boxes",
    "item_marks",
    "irregularities",
    "messages",
    "kept_aside",
    "current_responses",
    "clients",
    "attempts",
    "sittings",
    "session",
)
"""Projections, in an order in which they may be emptied."""


@journal_migrations()
def create_journal(database: Database) -> None:
    """Entries that nothing can change, and the projections."""
    for table in (_ENTRIES, _SESSION, _SITTINGS, _ATTEMPTS, _CLIENTS, _CURRENT_RESPONSES):
        database.execute(table)
    for table in (_KEPT_ASIDE, _MESSAGES, _IRREGULARITIES, _ITEM_MARKS, _RELEASE_SECRETS):
        database.execute(table)
    for table in (_ROOM_BOXES, _LOST_TIME):
        database.execute(table)
    for verb in ("UPDATE", "DELETE"):
        database.execute(
            f"CREATE TRIGGER entries_no_{verb.lower()} BEFORE {verb} ON entries "
            "BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END"
        )
