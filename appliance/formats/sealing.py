"""HPKE (RFC 9180): bytes that only the holder of one private key can read.

Suite X25519, HKDF-SHA256, ChaCha20-Poly1305, base mode, one message a key.  The library's single
shot takes no associated data, so the context goes into `info`.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from appliance.domain.errors import InvalidInputError

SEAL_OVERHEAD_BYTES = 32 + 16

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class SealBrokenError(InvalidInputError):
    """Sealed bytes do not open with this key and context."""

    key = "seal_broken"
    staff_message = (
        "This was not sealed for this machine, or it was changed on the way. It was not used."
    )


def seal(plaintext: bytes, public_key: bytes, context: bytes) -> bytes:
    """Seal bytes to the holder of `public_key` (32 bytes); opening needs the same `context`."""
    return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), context)


def unseal(sealed: bytes, private_key: X25519PrivateKey, context: bytes) -> bytes:
    """Open what `seal` made; raises SealBrokenError for any other key, context or byte."""
    try:
        return _SUITE.decrypt(sealed, private_key, context)
    except (InvalidTag, ValueError) as problem:
        raise SealBrokenError from problem
