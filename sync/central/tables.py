"""The centre's tables.  Times are UTC milliseconds; JSON is canonical text.

`entries` is the record; `rooms`, `room_sittings`, `attempts` and `responses` are folded from it and
can be folded anew at any time.  Everything else is what people at the centre have planned.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()


def _text(name: str, *, key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=nullable)


def _number(name: str, *, key: bool = False, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=nullable, autoincrement=False)


def _serial(name: str) -> Column[int]:
    # SQLite counts by itself only in a column of type INTEGER.
    return Column(
        name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )


administrators = Table(
    "administrators",
    metadata,
    _text("administrator_id", key=True),
    Column("name", Text, nullable=False, unique=True),
    _text("role"),
    _text("secret_hash"),
    Column("is_one_time", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    _number("created_at_ms"),
)
sign_ins = Table(
    "sign_ins",
    metadata,
    _text("token_hash", key=True),
    Column("administrator_id", Text, ForeignKey("administrators.administrator_id"), nullable=False),
    _number("created_at_ms"),
    _number("used_at_ms"),
)
tokens = Table(
    "tokens",
    metadata,
    _text("token_hash", key=True),
    _text("name"),
    _number("created_at_ms"),
    _number("revoked_at_ms", nullable=True),
)
records = Table(
    "records",
    metadata,
    _serial("record_no"),
    _number("at_ms"),
    _text("actor"),
    _text("action"),
    _text("subject"),
)

boxes = Table(
    "boxes",
    metadata,
    _text("box_id", key=True),
    _text("name"),
    _text("room"),
    Column("identity", LargeBinary, nullable=False),
    _number("enrolled_at_ms"),
    _number("contact_at_ms", nullable=True),
    Column("is_disabled", Boolean, nullable=False),
)
enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    _text("code_id", key=True),
    Column("code_sealed", LargeBinary, nullable=False),
    _text("name"),
    _text("room"),
    _number("expires_at_ms"),
    _number("used_at_ms", nullable=True),
)
room_certificates = Table(
    "room_certificates",
    metadata,
    Column("box_id", Text, ForeignKey("boxes.box_id"), primary_key=True, nullable=False),
    _text("names"),
    _text("issuer"),
    _number("valid_until_ms"),
    _number("sent_at_ms"),
)
box_reports = Table(
    "box_reports",
    metadata,
    Column("box_id", Text, ForeignKey("boxes.box_id"), primary_key=True, nullable=False),
    Column("report", LargeBinary, nullable=False),
)
nonces = Table(
    "nonces",
    metadata,
    _text("box_id", key=True),
    _text("nonce", key=True),
    _number("at_ms"),
    Index("nonces_by_age", "at_ms"),
)
mailbox = Table(
    "mailbox",
    metadata,
    _serial("cursor"),
    Column("box_id", Text, ForeignKey("boxes.box_id"), nullable=False),
    _text("document_id"),
    _text("kind"),
    _text("sha256"),
    Column("data", LargeBinary, nullable=False),
    _number("created_at_ms"),
    _number("fetched_at_ms", nullable=True),
    UniqueConstraint("box_id", "document_id"),
)

entries = Table(
    "entries",
    metadata,
    _text("journal_id", key=True),
    _number("epoch", key=True),
    _number("seq", key=True),
    _number("at_ms"),
    _text("kind"),
    _text("actor"),
    _text("subject"),
    _text("body"),
    Column("hash", LargeBinary, nullable=False),
    _text("delivered_by"),
    _number("received_at_ms"),
)
epochs = Table(
    "epochs",
    metadata,
    _text("journal_id", key=True),
    _number("epoch", key=True),
    _number("continues_seq"),
    _number("contiguous_seq"),
    Column("head_hash", LargeBinary, nullable=False),
    _text("box_id"),
    _number("received_at_ms"),
)
conflicts = Table(
    "conflicts",
    metadata,
    _serial("conflict_no"),
    _text("journal_id"),
    _number("epoch"),
    _number("seq"),
    _text("box_id"),
    _text("offered_hash"),
    Column("offered", LargeBinary, nullable=False),
    _number("at_ms"),
    _text("settled_by", nullable=True),
    _number("settled_at_ms", nullable=True),
    UniqueConstraint("journal_id", "epoch", "seq", "offered_hash"),
)
attachments = Table(
    "attachments",
    metadata,
    _text("journal_id", key=True),
    _text("sha256", key=True),
    Column("data", LargeBinary, nullable=False),
    _text("box_id"),
    _number("received_at_ms"),
)
update_pieces = Table(
    "update_pieces",
    metadata,
    _text("sha256", key=True),
    _number("number", key=True),
    Column("data", LargeBinary, nullable=False),
)

rooms = Table(
    "rooms",
    metadata,
    _text("journal_id", key=True),
    _text("room"),
    _text("box_id"),
    Column("is_practice", Boolean, nullable=False),
    _number("epoch"),
    _number("opened_at_ms", nullable=True),
    _number("sealed_at_ms", nullable=True),
    _number("unread_count"),
)
room_sittings = Table(
    "room_sittings",
    metadata,
    _text("journal_id", key=True),
    _text("sitting_id", key=True),
    _text("title"),
    _text("package_id"),
    _text("state"),
    _number("started_at_ms", nullable=True),
    _number("ended_at_ms", nullable=True),
)
attempts = Table(
    "attempts",
    metadata,
    _text("journal_id", key=True),
    _text("attempt_id", key=True),
    _text("sitting_id"),
    _text("candidate_id"),
    _text("number"),
    _text("given_name"),
    _text("family_name"),
    _text("anonymous_code"),
    _text("seat", nullable=True),
    Column("is_provisional", Boolean, nullable=False),
    _text("state"),
    _number("started_at_ms", nullable=True),
    _number("submitted_at_ms", nullable=True),
    _number("extended_seconds"),
    _number("seq"),
    _number("change_no"),
    Index("attempts_by_change", "change_no"),
    Index("attempts_by_sitting", "sitting_id"),
)
walk_in_decisions = Table(
    "walk_in_decisions",
    metadata,
    _text("journal_id", key=True),
    _text("attempt_id", key=True),
    Column("is_accepted", Boolean, nullable=False),
    _text("decided_by"),
    _number("decided_at_ms"),
)
responses = Table(
    "responses",
    metadata,
    _text("journal_id", key=True),
    _text("attempt_id", key=True),
    _text("item_id", key=True),
    _text("response_id", key=True),
    _text("value"),
    _number("revision_no"),
    _number("saved_at_ms"),
    _number("seq"),
    Column("is_late", Boolean, nullable=False),
)
change_counter = Table(
    "change_counter", metadata, _number("counter_id", key=True), _number("change_no")
)

exams = Table(
    "exams",
    metadata,
    _text("exam_id", key=True),
    _text("title"),
    _text("sha256"),
    Column("data", LargeBinary, nullable=False),
    _number("item_count"),
    _number("duration_seconds", nullable=True),
    _number("created_at_ms"),
)
sittings = Table(
    "sittings",
    metadata,
    _text("sitting_id", key=True),
    Column("exam_id", Text, ForeignKey("exams.exam_id"), nullable=False),
    _text("title"),
    _text("room"),
    _text("package_id"),
    _number("planned_start_at_ms", nullable=True),
    _number("duration_seconds"),
    Column("is_practice", Boolean, nullable=False),
    _number("version"),
    Column("release_code_sealed", LargeBinary, nullable=False),
    Column("release_secret_sealed", LargeBinary, nullable=True),
    Column("code_key_sealed", LargeBinary, nullable=False),
    _number("created_at_ms"),
    _number("sent_at_ms", nullable=True),
    _number("released_at_ms", nullable=True),
)
sitting_conduct = Table(
    "sitting_conduct",
    metadata,
    Column("sitting_id", Text, ForeignKey("sittings.sitting_id"), primary_key=True),
    _text("basis"),
)
sitting_boxes = Table(
    "sitting_boxes",
    metadata,
    Column("sitting_id", Text, ForeignKey("sittings.sitting_id"), primary_key=True),
    Column("box_id", Text, ForeignKey("boxes.box_id"), primary_key=True),
)
candidates = Table(
    "candidates",
    metadata,
    _text("candidate_id", key=True),
    Column("sitting_id", Text, ForeignKey("sittings.sitting_id"), nullable=False),
    _text("number"),
    _text("given_name"),
    _text("family_name"),
    _text("seat", nullable=True),
    _text("anonymous_code"),
    _text("accommodations"),
    _text("code_hash"),
    Column("code_sealed", LargeBinary, nullable=False),
    UniqueConstraint("sitting_id", "number"),
    UniqueConstraint("sitting_id", "anonymous_code"),
)
staff = Table(
    "staff",
    metadata,
    _text("staff_id", key=True),
    Column("sitting_id", Text, ForeignKey("sittings.sitting_id"), nullable=False),
    _text("name"),
    _text("role"),
    _text("secret_hash"),
    Column("pin_sealed", LargeBinary, nullable=False),
    _number("valid_from_ms"),
    _number("valid_until_ms"),
)
