"""An envelope whose payload only one receiver can open, bound to every byte of its header.

The context of the seal is the header's format and the SHA-256 of its bytes, so a payload opens only
under the header it was written with.  Bundles, files, documents and what boxes of a room hand each
other are all of this form.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.formats.canonical import CanonicalDocument
from appliance.formats.envelope import Envelope, write_envelope
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.sealing import seal, unseal


class SealedHeader(CanonicalDocument):
    """A header that names its format; the first part of the context of the seal."""

    format: str


def write_sealed(
    magic: bytes,
    header: SealedHeader,
    plain: bytes,
    *,
    receiver: PublicIdentity,
    signing: Ed25519PrivateKey,
) -> bytes:
    """Return the signed envelope, its payload sealed to `receiver`."""
    data = header.to_bytes()
    payload = seal(plain, receiver.sealing, _context(header.format, data))
    return write_envelope(magic, data, payload, signing=signing)


def open_sealed(
    envelope: Envelope, header: SealedHeader, *, receiver: BoxIdentity | CentreIdentity
) -> bytes:
    """Open the payload of an envelope whose signature was checked; raises SealBrokenError."""
    context = _context(header.format, envelope.header)
    return unseal(envelope.payload, receiver.sealing, context)


def _context(form: str, header: bytes) -> bytes:
    return form.encode() + b"|" + hashlib.sha256(header).digest()
