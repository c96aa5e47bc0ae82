"""Bundles: a run of entries on its way from a box to the centre or to a box that follows.

Compressed, sealed to the receiver, signed by the box.  The clear header says which run it is, so
that a gap shows before anything is opened.  A box cannot read a bundle once it is written.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from appliance.domain.errors import CorruptionError, InvalidInputError
from appliance.domain.journal import Entry, verify_chain
from appliance.formats.canonical import (
    INTEGER_MAX,
    DocumentMalformedError,
    HexBytes,
    encode_canonical,
    parse_canonical,
)
from appliance.formats.envelope import Envelope, read_envelope
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.sealed_envelope import SealedHeader, open_sealed, write_sealed

MAGIC = b"EXRMBDL1"
ENTRIES_MAX = 5_000
BUNDLE_MAX_BYTES = 24 * 1024 * 1024
BUNDLE_PLAIN_MAX_BYTES = 4 * 1024 * 1024
"""Where a run of entries is cut, so that one large response never makes a bundle too large."""
UNPACKED_MAX_BYTES = 64 * 1024 * 1024

Seq = Annotated[int, Field(ge=1, le=INTEGER_MAX)]


class BundleDamagedError(CorruptionError):
    """A bundle's contents are not the run that its header names."""

    key = "bundle_damaged"
    staff_message = (
        "A bundle of results was damaged. Nothing of it was stored. The box still has everything; "
        "send it or copy it again."
    )


class BundleForeignError(InvalidInputError):
    """A bundle says it is by one box and was presented as another's."""

    key = "bundle_foreign"
    staff_message = "This bundle of results is from a box that this centre does not expect here."


class BundleHeader(SealedHeader):
    """Which run of which journal a bundle carries; `previous_hash` is what its first continues."""

    format: Literal["bundle/1"] = "bundle/1"
    box_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    centre_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    journal_id: JournalId
    epoch: Seq
    first_seq: Seq
    last_seq: Seq
    previous_hash: HexBytes
    last_hash: HexBytes


_Row = tuple[int, int, int, str, str, str, str, HexBytes]
_ROWS = TypeAdapter(list[_Row])


def one_run(entries: Sequence[Entry]) -> list[Entry]:
    """Return the first entries that fit one bundle: of one epoch, and not too many bytes."""
    run: list[Entry] = []
    plain_bytes = 0
    for entry in entries:
        plain_bytes += len(entry.body)
        if run and (entry.epoch != run[0].epoch or plain_bytes > BUNDLE_PLAIN_MAX_BYTES):
            break
        run.append(entry)
    return run


def write_bundle(
    entries: Sequence[Entry],
    *,
    journal_id: str,
    previous_hash: bytes,
    box: BoxIdentity,
    centre: PublicIdentity,
) -> bytes:
    """Return a bundle of one to ENTRIES_MAX entries, consecutive and of one epoch.

    `centre` is whom it is sealed to: the centre, or a box that follows.
    """
    header = BundleHeader(
        box_id=box.id,
        centre_id=centre.id,
        journal_id=journal_id,
        epoch=entries[0].epoch,
        first_seq=entries[0].seq,
        last_seq=entries[-1].seq,
        previous_hash=previous_hash,
        last_hash=entries[-1].hash,
    )
    packed = zlib.compress(encode_canonical([_row(entry) for entry in entries]), 6)
    return write_sealed(MAGIC, header, packed, receiver=centre, signing=box.signing)


def read_bundle_header(data: bytes) -> BundleHeader:
    """Read what a bundle says of itself, unverified: to find the box whose key verifies it."""
    return BundleHeader.from_bytes(_read(data).header)


def verify_bundle(data: bytes, *, box: PublicIdentity) -> BundleHeader:
    """Check the signature of a whole bundle without opening it, as a stick's writer does."""
    envelope = _read(data)
    envelope.require_signed_by(box.signing)
    header = BundleHeader.from_bytes(envelope.header)
    if header.box_id != box.id:
        raise BundleForeignError
    return header


def open_bundle(
    data: bytes, *, centre: CentreIdentity | BoxIdentity, box: PublicIdentity
) -> list[Entry]:
    """Verify and open a bundle; the entries continue its header's `previous_hash`.

    `centre` is whom it is sealed to: the centre, or a box that follows.

    Raises DocumentMalformedError, DocumentTooLargeError, SignatureWrongError, SealBrokenError,
    BundleForeignError, BundleDamagedError or ChainBrokenError.
    """
    header = verify_bundle(data, box=box)
    packed = open_sealed(_read(data), header, receiver=centre)
    entries = _read_rows(_unpack(packed))
    _require_run(entries, header)
    return entries


def _read(data: bytes) -> Envelope:
    return read_envelope(data, magic=MAGIC, bytes_max=BUNDLE_MAX_BYTES)


def _row(entry: Entry) -> list[object]:
    return [
        *(entry.epoch, entry.seq, entry.at_ms, entry.kind, entry.actor, entry.subject),
        *(entry.body, entry.hash.hex()),
    ]


def _unpack(packed: bytes) -> bytes:
    """Decompress at most UNPACKED_MAX_BYTES, whatever the stream promises."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, UNPACKED_MAX_BYTES)
    except zlib.error as damage:
        raise BundleDamagedError from damage
    if not unpacker.eof or unpacker.unconsumed_tail or unpacker.unused_data:
        raise BundleDamagedError
    return plain


def _read_rows(plain: bytes) -> list[Entry]:
    try:
        rows = _ROWS.validate_python(
            [tuple(row) for row in _lists(parse_canonical(plain, bytes_max=UNPACKED_MAX_BYTES))],
            strict=True,
        )
    except (DocumentMalformedError, ValidationError) as damage:
        raise BundleDamagedError from damage
    return [Entry(*row) for row in rows]


def _lists(value: object) -> list[list[object]]:
    if not isinstance(value, list) or not 1 <= len(value) <= ENTRIES_MAX:
        raise BundleDamagedError
    if not all(isinstance(row, list) for row in value):
        raise BundleDamagedError
    return value


def _require_run(entries: Sequence[Entry], header: BundleHeader) -> None:
    """Check that the entries are exactly the run the header names, each chained to the last."""
    last_hash = verify_chain(entries, previous=header.previous_hash, after_seq=header.first_seq - 1)
    if any(entry.epoch != header.epoch for entry in entries):
        raise BundleDamagedError
    if (entries[-1].seq, last_hash) != (header.last_seq, header.last_hash):
        raise BundleDamagedError
