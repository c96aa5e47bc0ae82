"""Mailbox documents: what the centre tells one box, signed by the centre, sealed to the box.

The bytes are an envelope.  Its clear header says kind, id, box and time of writing, so that a
stick can be sorted without a key; the payload is the body, sealed with the header as its context.
Exam packages are sealed already and travel as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from appliance.domain.errors import InvalidInputError
from appliance.formats.canonical import (
    INTEGER_MAX,
    DocumentMalformedError,
    encode_canonical,
    parse_canonical,
)
from appliance.formats.envelope import Envelope, read_envelope
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.sealed_envelope import SealedHeader, open_sealed, write_sealed

MAGIC = b"EXRMDOC1"
DOCUMENT_MAX_BYTES = 16 * 1024 * 1024

DocumentKind = Literal["roster", "staff", "release", "room_certificate", "walk_in_decision"]


class DocumentForAnotherBoxError(InvalidInputError):
    """A sealed document was read on a box that it was not made for."""

    key = "document_for_another_box"
    staff_message = (
        "This document from the centre is for another box. Nothing was changed. "
        "Use the stick or folder that was made for this box."
    )


class DocumentHeader(SealedHeader):
    """What a sealed document says in clear.  `created_at_ms` is UTC."""

    format: Literal["sealed-document/1"] = "sealed-document/1"
    kind: DocumentKind
    document_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    created_at_ms: Annotated[int, Field(ge=0, le=INTEGER_MAX)]
    box_id: str
    centre_id: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was opened and verified."""

    kind: DocumentKind
    document_id: str
    created_at_ms: int
    body: dict[str, object]


def seal_document(document: Document, *, box: PublicIdentity, centre: CentreIdentity) -> bytes:
    """Return the document's bytes, which only `box` can open."""
    header = DocumentHeader(
        kind=document.kind,
        document_id=document.document_id,
        created_at_ms=document.created_at_ms,
        box_id=box.id,
        centre_id=centre.id,
    )
    plain = encode_canonical(document.body)
    return write_sealed(MAGIC, header, plain, receiver=box, signing=centre.signing)


def verify_document(data: bytes, *, box_id: str, centre: PublicIdentity) -> DocumentHeader:
    """Check signature and addressee without opening; this needs no private key.

    Raises DocumentMalformedError, DocumentTooLargeError, SignatureWrongError or
    DocumentForAnotherBoxError.
    """
    _, header = _read_verified(data, box_id, centre)
    return header


def open_document(data: bytes, *, identity: BoxIdentity, centre: PublicIdentity) -> Document:
    """Verify and open; raises as `verify_document` does, and SealBrokenError."""
    envelope, header = _read_verified(data, identity.id, centre)
    plaintext = open_sealed(envelope, header, receiver=identity)
    body = parse_canonical(plaintext, bytes_max=DOCUMENT_MAX_BYTES)
    if not isinstance(body, dict):
        raise DocumentMalformedError
    return Document(header.kind, header.document_id, header.created_at_ms, body)


def _read_verified(
    data: bytes, box_id: str, centre: PublicIdentity
) -> tuple[Envelope, DocumentHeader]:
    envelope = read_envelope(data, magic=MAGIC, bytes_max=DOCUMENT_MAX_BYTES)
    envelope.require_signed_by(centre.signing)
    header = DocumentHeader.from_bytes(envelope.header)
    if header.box_id != box_id:
        raise DocumentForAnotherBoxError
    return envelope, header
