"""Random identifiers and tokens."""

from __future__ import annotations

import secrets

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(characters: int = 10) -> str:
    """Return a random identifier of lower-case Crockford base32 (5 bits a character)."""
    return "".join(secrets.choice(_LETTERS) for _ in range(characters))


def new_token() -> str:
    """Return a 256-bit token for a cookie."""
    return secrets.token_urlsafe(32)
