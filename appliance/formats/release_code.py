"""The release code: the part of a package's key that people hold until the exam may be opened.

Fifteen random symbols (75 bits) and a check symbol, shown in groups of four.  The key made from it
by Argon2id is the *release secret*: a release token carries that, so that a box which was released
by the centre does the same from there on as one to which the code was spoken.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from appliance.domain.errors import InvalidInputError
from appliance.formats.crockford import check_symbol, in_groups, normalise, random_symbols

RANDOM_SYMBOLS = 15
CODE_SYMBOLS = RANDOM_SYMBOLS + 1
SALT_BYTES = 16
SECRET_BYTES = 32

# RFC 9106, section 4, second recommended option ("low memory"): three passes, four lanes.
_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4


class ReleaseCodeMistypedError(InvalidInputError):
    """The check symbol does not fit: somebody misheard or mistyped."""

    key = "release_code_mistyped"
    staff_message = (
        "This is not a release code as it was typed: it has 16 letters and digits in groups of "
        "four, and the last one checks the others. Compare it with what was written or said."
    )


def create_release_code() -> str:
    """Return a new release code in groups of four."""
    symbols = random_symbols(RANDOM_SYMBOLS)
    return in_groups(symbols + check_symbol(symbols))


def normalise_release_code(typed: str) -> str:
    """Return the 16 symbols of what was typed; raises ReleaseCodeMistypedError, at no cost."""
    symbols = normalise(typed)
    if symbols is None or len(symbols) != CODE_SYMBOLS:
        raise ReleaseCodeMistypedError
    if check_symbol(symbols[:RANDOM_SYMBOLS]) != symbols[RANDOM_SYMBOLS]:
        raise ReleaseCodeMistypedError
    return symbols


def derive_release_secret(typed_code: str, salt: bytes) -> bytes:
    """Return the 32-byte release secret for a code and a package's salt.

    Takes about 0.2 s and 64 MiB; the caller sees to it that few run at once.
    """
    kdf = Argon2id(
        salt=salt,
        length=SECRET_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )
    return kdf.derive(normalise_release_code(typed_code).encode("ascii"))
