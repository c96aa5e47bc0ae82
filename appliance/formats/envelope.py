"""The outer form of everything that is sealed and signed: a clear header and a payload.

    magic            8 bytes, names the kind and its version
    header length    4 bytes, big endian
    header           canonical JSON
    signature        64 bytes, Ed25519 over magic, header length, header and payload
    payload          the rest

Nothing in an envelope is outside the signature, so any altered byte is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.formats.canonical import DocumentMalformedError, DocumentTooLargeError
from appliance.formats.signing import SIGNATURE_BYTES, require_signature, sign

MAGIC_BYTES = 8
HEADER_MAX_BYTES = 16 * 1024
PURPOSE = "envelope/1"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was read; nothing of it is to be believed before `require_signed_by`."""

    magic: bytes
    header: bytes
    signature: bytes
    payload: bytes

    def require_signed_by(self, public_key: bytes) -> None:
        """Raise SignatureWrongError unless the holder of `public_key` signed all of it."""
        signed = _signed_bytes(self.magic, self.header, self.payload)
        require_signature(public_key, PURPOSE, signed, self.signature)


def write_envelope(
    magic: bytes, header: bytes, payload: bytes, *, signing: Ed25519PrivateKey
) -> bytes:
    """Return the bytes of a signed envelope."""
    signature = sign(signing, PURPOSE, _signed_bytes(magic, header, payload))
    return magic + struct.pack(">I", len(header)) + header + signature + payload


def read_envelope(data: bytes, *, magic: bytes, bytes_max: int) -> Envelope:
    """Take an envelope apart without believing it."""
    if len(data) > bytes_max:
        raise DocumentTooLargeError(bytes_max=bytes_max)
    start = MAGIC_BYTES + 4
    if len(data) < start + SIGNATURE_BYTES or data[:MAGIC_BYTES] != magic:
        raise DocumentMalformedError
    (header_bytes,) = struct.unpack(">I", data[MAGIC_BYTES:start])
    end = start + header_bytes
    if header_bytes > HEADER_MAX_BYTES or len(data) < end + SIGNATURE_BYTES:
        raise DocumentMalformedError
    return Envelope(
        magic=magic,
        header=data[start:end],
        signature=data[end : end + SIGNATURE_BYTES],
        payload=data[end + SIGNATURE_BYTES :],
    )


def _signed_bytes(magic: bytes, header: bytes, payload: bytes) -> bytes:
    return magic + struct.pack(">I", len(header)) + header + payload
