"""What only an overtaken box has, on its way to the box that leads now.

Sealed to that box and signed by the overtaken one.  A response comes with the value it amounts to,
so that nobody needs the entries before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from appliance.domain.box_commands import Stray
from appliance.formats.canonical import (
    INTEGER_MAX,
    DocumentMalformedError,
    encode_canonical,
    parse_canonical,
)
from appliance.formats.envelope import read_envelope
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.sealed_document import DocumentForAnotherBoxError
from appliance.formats.sealed_envelope import SealedHeader, open_sealed, write_sealed

MAGIC = b"EXRMSTR1"
STRAYS_MAX = 200
STRAYS_MAX_BYTES = 16 * 1024 * 1024

_Number = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
_Value = str | list[str] | dict[str, str | int] | None
_ROWS = TypeAdapter(list[tuple[_Number, _Number, str, str, str, dict[str, Any], _Value]])


class StraysHeader(SealedHeader):
    """Which box sends what it alone has, of which epoch."""

    format: Literal["strays/1"] = "strays/1"
    box_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    receiver_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    journal_id: JournalId
    epoch: Annotated[int, Field(ge=1, le=INTEGER_MAX)]


def write_strays(
    strays: Sequence[Stray],
    *,
    journal_id: str,
    epoch: int,
    box: BoxIdentity,
    receiver: PublicIdentity,
) -> bytes:
    """Return at most STRAYS_MAX strays, sealed to `receiver`."""
    header = StraysHeader(
        box_id=box.id, receiver_id=receiver.id, journal_id=journal_id, epoch=epoch
    )
    rows = [
        [one.seq, one.at_ms, one.kind, one.actor, one.subject, one.body, one.value]
        for one in strays
    ]
    plain = encode_canonical(rows)
    return write_sealed(MAGIC, header, plain, receiver=receiver, signing=box.signing)


def open_strays(
    data: bytes, *, journal_id: str, box: PublicIdentity, receiver: BoxIdentity
) -> tuple[int, list[Stray]]:
    """Verify and open; return the epoch they are of, and the strays.

    Raises DocumentMalformedError, DocumentTooLargeError, SignatureWrongError, SealBrokenError or
    DocumentForAnotherBoxError.
    """
    envelope = read_envelope(data, magic=MAGIC, bytes_max=STRAYS_MAX_BYTES)
    envelope.require_signed_by(box.signing)
    header = StraysHeader.from_bytes(envelope.header)
    if (header.box_id, header.receiver_id, header.journal_id) != (box.id, receiver.id, journal_id):
        raise DocumentForAnotherBoxError
    plain = open_sealed(envelope, header, receiver=receiver)
    value = parse_canonical(plain, bytes_max=STRAYS_MAX_BYTES)
    try:
        rows = _ROWS.validate_python(
            [tuple(row) if isinstance(row, list) else row for row in value]
            if isinstance(value, list) and len(value) <= STRAYS_MAX
            else value,
            strict=True,
        )
    except ValidationError as problem:
        raise DocumentMalformedError from problem
    return header.epoch, [Stray(*row) for row in rows]
