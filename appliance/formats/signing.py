"""Ed25519 signatures, each bound to what it is for.

What is signed is `examroom/` + purpose + NUL + payload, so that a signature made for one purpose
says nothing about bytes read for another.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from appliance.domain.errors import InvalidInputError

SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32


class SignatureWrongError(InvalidInputError):
    """The signature is not by the one who should have signed."""

    key = "signature_wrong"
    staff_message = (
        "This did not come from where it says, or it was changed on the way. It was not used. "
        "Fetch it again, and tell the centre if it happens again."
    )


def sign(private_key: Ed25519PrivateKey, purpose: str, payload: bytes) -> bytes:
    """Return the 64-byte signature of `payload` for `purpose`."""
    return private_key.sign(_bound(purpose, payload))


def require_signature(public_key: bytes, purpose: str, payload: bytes, signature: bytes) -> None:
    """Raise SignatureWrongError unless the holder of `public_key` signed this for `purpose`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _bound(purpose, payload))
    except (InvalidSignature, ValueError) as problem:
        raise SignatureWrongError from problem


def _bound(purpose: str, payload: bytes) -> bytes:
    return b"examroom/" + purpose.encode() + b"\x00" + payload
