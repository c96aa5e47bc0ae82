"""A staff member's PIN: made at the centre, hashed with Argon2id, verified on the box.

The cost is RFC 9106's low-memory profile: about 0.13 s and 64 MiB, so the caller lets only a few
run at once (`platform-facts`: 16 at once need almost 1 GiB).
"""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

PIN_DIGITS = 8

_HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


def create_staff_pin() -> str:
    """Return a new PIN of eight digits (26 bits, guessed only through a throttle)."""
    return "".join(str(secrets.randbelow(10)) for _ in range(PIN_DIGITS))


def hash_staff_secret(secret: str) -> str:
    """Return the encoded Argon2id hash of a PIN or password."""
    return _HASHER.hash(secret)


def matches_staff_secret(secret_hash: str, secret: str) -> bool:
    """Say whether `secret` is the one that was hashed; a damaged hash matches nothing."""
    try:
        return _HASHER.verify(secret_hash, secret)
    except (VerificationError, InvalidHashError):
        return False
