"""A candidate's file on its way from a box to the centre, by network or on a stick.

Sealed to the centre and signed by the box, as a bundle is.  The context of the seal is the whole
header, so a file opens only as the one of that journal with that SHA-256.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from appliance.domain.errors import CorruptionError, InvalidInputError
from appliance.formats.envelope import HEADER_MAX_BYTES, Envelope, read_envelope
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.sealed_envelope import SealedHeader, open_sealed, write_sealed

MAGIC = b"EXRMATT1"
FILE_MAX_BYTES = 20 * 1024 * 1024
ATTACHMENT_MAX_BYTES = FILE_MAX_BYTES + HEADER_MAX_BYTES + 4 * 1024


class AttachmentDamagedError(CorruptionError):
    """The bytes are not the file that the header names."""

    key = "attachment_damaged"
    staff_message = (
        "A candidate's file arrived damaged. It was not stored; the box still has what it has."
    )


class AttachmentForeignError(InvalidInputError):
    """The file is by another box, or of another journal or name, than it was presented as."""

    key = "attachment_foreign"
    staff_message = "This file of a candidate is not the one that was expected here."


class AttachmentTooLargeError(InvalidInputError):
    """A file is more than is taken."""

    key = "attachment_too_large"
    staff_message = "A candidate's file is larger than {mebibytes_max} MiB. It stays on the box."


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""By which a candidate's file is named."""


class AttachmentHeader(SealedHeader):
    """Which file of which journal it is."""

    format: Literal["attachment/1"] = "attachment/1"
    box_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    centre_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    journal_id: JournalId
    sha256: Sha256


def write_attachment(
    data: bytes, *, journal_id: str, sha256: str, box: BoxIdentity, centre: PublicIdentity
) -> bytes:
    """Return the sealed file; raises AttachmentDamagedError or AttachmentTooLargeError."""
    if len(data) > FILE_MAX_BYTES:
        raise AttachmentTooLargeError(mebibytes_max=FILE_MAX_BYTES // 2**20)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise AttachmentDamagedError
    header = AttachmentHeader(
        box_id=box.id, centre_id=centre.id, journal_id=journal_id, sha256=sha256
    )
    return write_sealed(MAGIC, header, data, receiver=centre, signing=box.signing)


def read_attachment_header(data: bytes) -> AttachmentHeader:
    """Read what a file says of itself, unverified: to find the box whose key verifies it."""
    return AttachmentHeader.from_bytes(_read(data).header)


def verify_attachment(data: bytes, *, box: PublicIdentity) -> AttachmentHeader:
    """Check the box's signature over all of it, without opening it."""
    envelope = _read(data)
    envelope.require_signed_by(box.signing)
    header = AttachmentHeader.from_bytes(envelope.header)
    if header.box_id != box.id:
        raise AttachmentForeignError
    return header


def open_attachment(
    data: bytes, *, centre: CentreIdentity | BoxIdentity, box: PublicIdentity
) -> bytes:
    """Verify and open a file; `centre` is whom it is sealed to, the centre or a box that follows.

    Raises DocumentMalformedError, DocumentTooLargeError, SignatureWrongError, SealBrokenError,
    AttachmentForeignError or AttachmentDamagedError.
    """
    header = verify_attachment(data, box=box)
    plain = open_sealed(_read(data), header, receiver=centre)
    if hashlib.sha256(plain).hexdigest() != header.sha256:
        raise AttachmentDamagedError
    return plain


def _read(data: bytes) -> Envelope:
    return read_envelope(data, magic=MAGIC, bytes_max=ATTACHMENT_MAX_BYTES)
