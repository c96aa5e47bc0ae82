"""Shares of a release code: any two of three named officers can open an exam together.

Shamir's scheme with threshold 2 over GF(32), symbol by symbol: share x of a symbol s is s + r*x
with one random r for each symbol.  One share alone tells nothing about the code.  A share is
written as its number, the shared symbols and a check symbol, in groups of four.
"""

from __future__ import annotations

from appliance.domain.errors import InvalidInputError
from appliance.formats.crockford import (
    ALPHABET,
    check_symbol,
    in_groups,
    multiply,
    normalise,
    random_symbols,
)
from appliance.formats.release_code import CODE_SYMBOLS, normalise_release_code

SHARES = 3
SHARE_SYMBOLS = 1 + CODE_SYMBOLS + 1


class CodeShareMistypedError(InvalidInputError):
    """What was typed is no share, or the two are the same one."""

    key = "code_share_mistyped"
    staff_message = (
        "These are not two different shares of a release code as they were typed. A share has 18 "
        "letters and digits, and the last one checks the others. Compare them with what is written."
    )


def split_release_code(code: str) -> list[str]:
    """Return three shares of a release code, of which any two give it back."""
    symbols = normalise_release_code(code)
    slopes = random_symbols(CODE_SYMBOLS)
    return [_share(number, symbols, slopes) for number in range(1, SHARES + 1)]


def join_release_code(first: str, second: str) -> str:
    """Return the release code of two different shares.

    Raises CodeShareMistypedError for slips, and ReleaseCodeMistypedError for shares of two codes.
    """
    (x1, y1), (x2, y2) = _read_share(first), _read_share(second)
    if x1 == x2:
        raise CodeShareMistypedError
    # The line through both points at 0; in this field subtraction is XOR.
    inverse = next(z for z in range(1, 32) if multiply(z, x1 ^ x2) == 1)
    values = [
        multiply(multiply(a, x2) ^ multiply(b, x1), inverse) for a, b in zip(y1, y2, strict=True)
    ]
    code = in_groups("".join(ALPHABET[value] for value in values))
    normalise_release_code(code)
    return code


def _share(number: int, symbols: str, slopes: str) -> str:
    shared = "".join(
        ALPHABET[ALPHABET.index(symbol) ^ multiply(ALPHABET.index(slope), number)]
        for symbol, slope in zip(symbols, slopes, strict=True)
    )
    body = ALPHABET[number] + shared
    return in_groups(body + check_symbol(body))


def _read_share(typed: str) -> tuple[int, list[int]]:
    symbols = normalise(typed)
    if symbols is None or len(symbols) != SHARE_SYMBOLS:
        raise CodeShareMistypedError
    number = ALPHABET.index(symbols[0])
    if check_symbol(symbols[:-1]) != symbols[-1] or not 1 <= number <= SHARES:
        raise CodeShareMistypedError
    return number, [ALPHABET.index(symbol) for symbol in symbols[1:-1]]
