"""A candidate's personal code: what a slip says, and what a box keeps of it.

Twelve random symbols (60 bits) need no slow hash: a box keeps HMAC-SHA256 of the code under a key
that comes with the roster, so that a copied roster table alone gives no codes away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from appliance.domain.errors import InvalidInputError
from appliance.formats.crockford import in_groups, normalise, random_symbols

CODE_SYMBOLS = 12
CODE_KEY_BYTES = 32


class CandidateCodeMistypedError(InvalidInputError):
    """What was typed cannot be anybody's code."""

    key = "candidate_code_mistyped"
    staff_message = "A candidate's code has 12 letters and digits in groups of four."
    candidate_message = (
        "Your code has 12 letters and digits in groups of four. Please look at your slip again."
    )


def create_candidate_code() -> str:
    """Return a new code in groups of four."""
    return in_groups(random_symbols(CODE_SYMBOLS))


def create_code_key() -> bytes:
    """Return a new key for the code hashes of one roster."""
    return secrets.token_bytes(CODE_KEY_BYTES)


def normalise_candidate_code(typed: str) -> str:
    """Return the 12 symbols of what was typed, or raise CandidateCodeMistypedError."""
    symbols = normalise(typed)
    if symbols is None or len(symbols) != CODE_SYMBOLS:
        raise CandidateCodeMistypedError
    return symbols


def hash_candidate_code(key: bytes, typed_code: str) -> str:
    """Return the lower-case hexadecimal HMAC-SHA256 of a code under a roster's key."""
    symbols = normalise_candidate_code(typed_code)
    return hmac.new(key, symbols.encode("ascii"), hashlib.sha256).hexdigest()
