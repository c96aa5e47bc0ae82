"""Small signed documents: canonical JSON `{"signature", "signed"}`.

The signature covers the canonical bytes of `signed`, with the document's format as its purpose.
"""

from __future__ import annotations

from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.formats.canonical import (
    CanonicalDocument,
    DocumentMalformedError,
    encode_canonical,
    parse_canonical,
)
from appliance.formats.signing import require_signature, sign

SIGNED_MAX_BYTES = 8 * 1024


class SignedDocument(CanonicalDocument):
    """A document that is written with a signature beside it."""

    bytes_max: ClassVar[int] = SIGNED_MAX_BYTES

    format: str

    def sign_with(self, key: Ed25519PrivateKey) -> bytes:
        """Return the bytes of the document with its signature."""
        signed = self.to_bytes()
        value = {
            "signed": parse_canonical(signed),
            "signature": sign(key, self.format, signed).hex(),
        }
        return encode_canonical(value)

    @classmethod
    def read_signed(cls, data: bytes, public_key: bytes) -> Self:
        """Read and verify; raises DocumentMalformedError or SignatureWrongError."""
        value = parse_canonical(data, bytes_max=cls.bytes_max)
        match value:
            case {"signed": dict(signed), "signature": str(signature), **others} if not others:
                document = cls.from_value(signed)
            case _:
                raise DocumentMalformedError
        try:
            raw = bytes.fromhex(signature)
        except ValueError as problem:
            raise DocumentMalformedError from problem
        if raw.hex() != signature:
            raise DocumentMalformedError
        require_signature(public_key, document.format, document.to_bytes(), raw)
        return document
