-- This page is made from the code by `make docs`; do not edit it by hand.

-- The journal of one room session: DATA/journals/ID.db

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
;
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
;
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
;
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
;
CREATE TABLE clients (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    client_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    acknowledged_change_no INTEGER NOT NULL,
    saved_at_ms INTEGER,
    has_held INTEGER NOT NULL CHECK (has_held IN (0, 1)),
    PRIMARY KEY (attempt_id, client_id)
) STRICT, WITHOUT ROWID
;
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
;
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
;
CREATE TABLE messages (
    message_id TEXT PRIMARY KEY,
    sitting_id TEXT NOT NULL REFERENCES sittings (sitting_id),
    attempt_id TEXT REFERENCES attempts (attempt_id),
    text TEXT NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    sent_by TEXT NOT NULL
) STRICT
;
CREATE TABLE irregularities (
    irregularity_id TEXT PRIMARY KEY,
    attempt_id TEXT REFERENCES attempts (attempt_id),
    text TEXT NOT NULL,
    written_at_ms INTEGER NOT NULL,
    written_by TEXT NOT NULL
) STRICT
;
CREATE TABLE item_marks (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    item_id TEXT NOT NULL,
    flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    visited_at_ms INTEGER,
    PRIMARY KEY (attempt_id, item_id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE release_secrets (
    package_id TEXT PRIMARY KEY,
    release_secret BLOB NOT NULL CHECK (length(release_secret) = 32)
) STRICT
;
CREATE TABLE room_boxes (
    box_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    continues_seq INTEGER NOT NULL,
    handed_over_epoch INTEGER NOT NULL,
    handed_over_seq INTEGER NOT NULL
) STRICT
;
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
;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

-- Files candidates upload: DATA/journals/ID.attachments.db

CREATE TABLE attachments (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    attempt_id TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT
;

-- What a box knows between room sessions: DATA/box.db

CREATE TABLE journals (
    journal_id TEXT PRIMARY KEY,
    journal_key BLOB CHECK (length(journal_key) = 32),
    room TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    sealed_at_ms INTEGER,
    purged_at_ms INTEGER,
    role TEXT NOT NULL CHECK (role IN ('leading', 'following', 'overtaken'))
) STRICT
;
CREATE TABLE staff (
    staff_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('invigilator', 'chief_invigilator', 'technician')),
    secret_hash TEXT NOT NULL,
    valid_from_ms INTEGER NOT NULL,
    valid_until_ms INTEGER NOT NULL
) STRICT
;
CREATE TABLE staff_sign_ins (
    token_hash TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (staff_id),
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
) STRICT
;
CREATE TABLE packages (
    package_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    practice INTEGER NOT NULL CHECK (practice IN (0, 1)),
    received_at_ms INTEGER NOT NULL
) STRICT
;
CREATE TABLE rosters (
    sitting_id TEXT PRIMARY KEY,
    roster_id TEXT NOT NULL,
    code_key BLOB NOT NULL,
    sitting TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT
;
CREATE TABLE peers (
    sitting_id TEXT NOT NULL,
    box_id TEXT NOT NULL,
    identity BLOB NOT NULL,
    PRIMARY KEY (sitting_id, box_id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE overtakings (
    journal_id TEXT PRIMARY KEY REFERENCES journals (journal_id),
    epoch_proof BLOB NOT NULL,
    noted_at_ms INTEGER NOT NULL,
    handed_over_at_ms INTEGER
) STRICT
;
CREATE TABLE release_tokens (
    package_id TEXT PRIMARY KEY,
    release_secret BLOB NOT NULL CHECK (length(release_secret) = 32),
    received_at_ms INTEGER NOT NULL
) STRICT
;
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL
) STRICT
;
CREATE TABLE client_secret (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT
;
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT
;
