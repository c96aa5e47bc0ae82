"""Codes that people read aloud and type: Crockford's base 32, without I, L, O and U.

Reading is forgiving (case, spaces, hyphens, O for 0, I and L for 1); writing is in groups of four.
Source: https://www.crockford.com/base32.html.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP_SYMBOLS = 4
TYPED_CHARACTERS_MAX = 100

_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\t": None})


def random_symbols(count: int) -> str:
    """Return `count` symbols of five random bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def normalise(typed: str) -> str | None:
    """Return the symbols of what somebody typed, or None where it holds anything else."""
    if len(typed) > TYPED_CHARACTERS_MAX:
        return None
    symbols = typed.strip().upper().translate(_FORGIVEN)
    return symbols if symbols and set(symbols) <= set(ALPHABET) else None


def in_groups(symbols: str) -> str:
    """Show symbols as people read them: groups of four with hyphens."""
    groups = range(0, len(symbols), GROUP_SYMBOLS)
    return "-".join(symbols[start : start + GROUP_SYMBOLS] for start in groups)


def check_symbol(symbols: str) -> str:
    """Return the check symbol: a weighted sum over GF(32), weights powers of x, x^5 + x^2 + 1.

    For up to 31 symbols every single wrong symbol and every swap of two symbols changes it.
    """
    total = 0
    for symbol in symbols:
        total = _times_x(total ^ ALPHABET.index(symbol))
    return ALPHABET[total]


def symbols_of(data: bytes, count: int) -> str:
    """Return the first `count` symbols of `data`, most significant bits first."""
    number = int.from_bytes(data, "big")
    bits = 8 * len(data)
    return "".join(ALPHABET[(number >> (bits - 5 * (i + 1))) & 31] for i in range(count))


def multiply(left: int, right: int) -> int:
    """Multiply two values of 0 to 31 in GF(32) with x^5 + x^2 + 1."""
    product = 0
    for place in range(4, -1, -1):
        product = _times_x(product) ^ (left if right >> place & 1 else 0)
    return product


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 32 else doubled
