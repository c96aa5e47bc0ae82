"""Candidates' files at the centre: each stored once, and handed out by what responses name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Connection, and_, select

from appliance.domain.errors import NotFoundError
from appliance.formats.attachment import (
    AttachmentForeignError,
    open_attachment,
    verify_attachment,
)
from appliance.formats.keys import PublicIdentity
from sync.central.centre import Centre
from sync.central.database import insert_missing, write
from sync.central.tables import attachments, attempts, responses

NAME_MAX_CHARACTERS = 100

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._ -]+")

FileKey = tuple[str, str]
"""(journal_id, sha256)"""


class AttachmentMissingError(NotFoundError):
    """No response of this sitting names the file, or it has not arrived."""

    key = "attachment_missing"
    staff_message = (
        "This file is not at the centre. It comes when its box has a connection, or by stick."
    )


class Kept(StrEnum):
    """What became of a file."""

    STORED = "stored"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Upload:
    """A response that is a file: what it names, and whether that is here."""

    item_id: str
    response_id: str
    name: str
    size_bytes: int
    sha256: str
    is_here: bool

    def shown(self) -> dict[str, object]:
        """Return it as the API and the JSON export give it."""
        return asdict(self)


def take_attachment(
    centre: Centre, data: bytes, *, box: PublicIdentity, expected: FileKey | None = None
) -> Kept:
    """Verify and store a file by `box`; raises what `open_attachment` raises.

    `expected` is what it was presented as, where that was said outside the envelope.
    """
    header = verify_attachment(data, box=box)
    if expected not in {None, (header.journal_id, header.sha256)}:
        raise AttachmentForeignError
    plain = open_attachment(data, centre=centre.identity, box=box)
    return keep_file(centre, (header.journal_id, header.sha256), plain, box_id=box.id)


def keep_file(centre: Centre, file: FileKey, plain: bytes, *, box_id: str) -> Kept:
    """Store a file whose SHA-256 was verified; once."""
    row = {
        "journal_id": file[0],
        "sha256": file[1],
        "data": plain,
        "box_id": box_id,
        "received_at_ms": centre.clock.wall_ms(),
    }
    with write(centre.engine) as connection:
        return Kept.STORED if insert_missing(connection, attachments, [row]) else Kept.ALREADY


def files_here(connection: Connection, journal_ids: set[str]) -> frozenset[FileKey]:
    """Return which files of these journals are here."""
    rows = connection.execute(
        select(attachments.c.journal_id, attachments.c.sha256).where(
            attachments.c.journal_id.in_(sorted(journal_ids))
        )
    )
    return frozenset((row[0], row[1]) for row in rows)


def named_file(value: object) -> tuple[str, int, str] | None:
    """Return (name, size in bytes, sha256) of a response that is a file, else None."""
    match value:
        case {"sha256": str(sha256), "name": str(name), **rest} if _SHA256.fullmatch(sha256):
            size = rest.get("size_bytes")
            return name, size if isinstance(size, int) else 0, sha256
    return None


def uploads_among(
    given: Mapping[tuple[str, str], object], journal_id: str, here: frozenset[FileKey]
) -> list[Upload]:
    """Return the responses of one attempt that are files, by item."""
    return [
        Upload(item_id, response_id, *found, is_here=(journal_id, found[2]) in here)
        for (item_id, response_id), value in sorted(given.items(), key=lambda one: one[0])
        if (found := named_file(value)) is not None
    ]


def missing_file_counts(connection: Connection, sitting_id: str) -> dict[str, int]:
    """Return by journal how many files responses of a sitting name that are not here."""
    rows = connection.execute(
        select(responses.c.journal_id, responses.c.value)
        .join(
            attempts,
            and_(
                attempts.c.journal_id == responses.c.journal_id,
                attempts.c.attempt_id == responses.c.attempt_id,
            ),
        )
        .where(attempts.c.sitting_id == sitting_id, responses.c.value.contains('"sha256"'))
    ).all()
    named = {
        (journal_id, found[2])
        for journal_id, value in rows
        if (found := named_file(json.loads(value))) is not None
    }
    counts: dict[str, int] = {}
    for journal_id, _ in named - files_here(connection, {journal for journal, _ in named}):
        counts[journal_id] = counts.get(journal_id, 0) + 1
    return counts


def hand_out(centre: Centre, sitting_id: str, file: FileKey, *, actor: str) -> tuple[str, bytes]:
    """Return (a safe name, the bytes) of a file that a response of the sitting names.

    Raises AttachmentMissingError.  Who fetched it is written down.
    """
    journal_id, sha256 = file
    with write(centre.engine) as connection:
        values = connection.execute(
            select(responses.c.value)
            .join(
                attempts,
                and_(
                    attempts.c.journal_id == responses.c.journal_id,
                    attempts.c.attempt_id == responses.c.attempt_id,
                ),
            )
            .where(
                attempts.c.sitting_id == sitting_id,
                responses.c.journal_id == journal_id,
                responses.c.value.contains(sha256),
            )
        ).scalars()
        found = [one for value in values if (one := named_file(json.loads(value))) is not None]
        names = [name for name, _, digest in found if digest == sha256]
        data = connection.execute(
            select(attachments.c.data).where(
                attachments.c.journal_id == journal_id, attachments.c.sha256 == sha256
            )
        ).scalar_one_or_none()
        if not names or data is None:
            raise AttachmentMissingError
        centre.record(connection, actor, "upload_handed_out", f"{sitting_id} {sha256}")
    return safe_name(names[0]), bytes(data)


def safe_name(name: str) -> str:
    """Return a candidate's file name as it may stand in a header and on anybody's disk."""
    plain = _NOT_IN_NAMES.sub("_", name).strip(" .")
    return plain[-NAME_MAX_CHARACTERS:].lstrip(" .") or "upload"
