"""Certificates of wiped boxes, compared with what the centre has of their journals."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from appliance.formats.canonical import DocumentMalformedError, parse_canonical
from appliance.formats.keys import read_public_identity
from appliance.formats.wipe_certificate import (
    WIPE_CERTIFICATE_MAX_BYTES,
    WipeCertificate,
    WipedJournal,
    read_wipe_certificate,
)
from sync.central.boxes import BoxUnknownError
from sync.central.centre import Centre
from sync.central.database import read, write
from sync.central.tables import boxes, entries


@dataclass(frozen=True, slots=True)
class CheckedWipe:
    """A certificate that the box really signed, and the journals of which something is missing."""

    certificate: WipeCertificate
    missing: tuple[str, ...]


def check_wipe(centre: Centre, data: bytes, *, actor: str) -> CheckedWipe:
    """Verify a certificate, compare it with what is here, and note it.

    Raises DocumentMalformedError, SignatureWrongError or BoxUnknownError.
    """
    box_id = _claimed_box_id(data)
    with read(centre.engine) as connection:
        row = connection.execute(
            select(boxes.c.identity).where(boxes.c.box_id == box_id)
        ).scalar_one_or_none()
    if row is None:
        raise BoxUnknownError(box_id=box_id)
    certificate = read_wipe_certificate(data, box=read_public_identity(bytes(row)))
    missing = [one.journal_id for one in certificate.journals if not _is_here(centre, one)]
    with write(centre.engine) as connection:
        centre.record(connection, actor, "wipe_checked", box_id)
    return CheckedWipe(certificate, tuple(missing))


def _is_here(centre: Centre, journal: WipedJournal) -> bool:
    """Say whether the last entry that the box had is here, and with it all before and all files.

    A copy had another box's entries, so what was last in it is not known.
    """
    if journal.is_copy or journal.files_left:
        return False
    if journal.head_seq == 0:
        return True
    with read(centre.engine) as connection:
        found = connection.execute(
            select(entries.c.seq).where(
                entries.c.journal_id == journal.journal_id,
                entries.c.seq == journal.head_seq,
                entries.c.hash == journal.head_hash,
            )
        ).first()
    return found is not None


def _claimed_box_id(data: bytes) -> str:
    match parse_canonical(data, bytes_max=WIPE_CERTIFICATE_MAX_BYTES):
        case {"signed": {"box_id": str(box_id)}}:
            return box_id
        case _:
            raise DocumentMalformedError
