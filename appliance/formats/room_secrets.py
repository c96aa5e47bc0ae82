"""What a box that follows must have besides entries: what opens the released exams.

Sealed to that box and signed by the one that leads.  None of it is an entry, so none of it ever
goes to the centre or onto a stick.
"""

from __future__ import annotations

from typing import Literal

from appliance.formats.canonical import CanonicalDocument, HexBytes
from appliance.formats.envelope import read_envelope
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.sealed_document import DocumentForAnotherBoxError
from appliance.formats.sealed_envelope import SealedHeader, open_sealed, write_sealed

MAGIC = b"EXRMSEC1"
SECRETS_MAX_BYTES = 256 * 1024


class _Header(SealedHeader):
    format: Literal["room-secrets/1"] = "room-secrets/1"
    box_id: str
    receiver_id: str
    journal_id: JournalId


class RoomSecrets(CanonicalDocument):
    """Release secrets by package."""

    release_secrets: dict[str, HexBytes]


def seal_room_secrets(
    secrets: RoomSecrets, *, journal_id: str, box: BoxIdentity, receiver: PublicIdentity
) -> bytes:
    """Return the secrets of one room session, sealed to a box that follows it."""
    header = _Header(box_id=box.id, receiver_id=receiver.id, journal_id=journal_id)
    plain = secrets.to_bytes()
    return write_sealed(MAGIC, header, plain, receiver=receiver, signing=box.signing)


def open_room_secrets(
    data: bytes, *, journal_id: str, box: PublicIdentity, receiver: BoxIdentity
) -> RoomSecrets:
    """Verify and open; raises DocumentForAnotherBoxError and what an envelope or a seal raises."""
    envelope = read_envelope(data, magic=MAGIC, bytes_max=SECRETS_MAX_BYTES)
    envelope.require_signed_by(box.signing)
    header = _Header.from_bytes(envelope.header)
    expected = _Header(box_id=box.id, receiver_id=receiver.id, journal_id=journal_id)
    if header != expected:
        raise DocumentForAnotherBoxError
    return RoomSecrets.from_bytes(open_sealed(envelope, header, receiver=receiver))
