"""That a sitting is written in Safe Exam Browser only, and what its settings are made of.

Everything a box needs to make the settings again, byte for byte, is here: so the box that takes
over knows the same Config Keys, and files that were given out go on being the right ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.domain.errors import InvalidInputError

BROWSER_EXAM_KEYS_MAX = 20
_HEXADECIMAL_KEY = re.compile(r"[0-9a-f]{64}")


class BrowserExamKeyUnfitError(InvalidInputError):
    """Not a Browser Exam Key."""

    key = "browser_exam_key_unfit"
    staff_message = (
        "A Browser Exam Key has 64 digits and letters a to f, one key a line, at most 20 lines."
    )


@dataclass(frozen=True, slots=True)
class LockedBrowser:
    """What a sitting asks of browsers.

    `key` (hexadecimal, 32 random bytes) is what every secret of the files is derived from.
    `origins` are the room's boxes, the one that leads first.  `authority` is the certificate of the
    room's own authority, as base64 of its DER form, or empty.  With `browser_exam_keys` one of them
    has to fit, too.  `is_encrypted`: the files ask for a password.  `is_watched`: the clients
    report to the box.
    """

    key: str
    origins: tuple[str, ...]
    authority: str = ""
    browser_exam_keys: tuple[str, ...] = ()
    is_encrypted: bool = False
    is_watched: bool = False


@dataclass(frozen=True, slots=True)
class RequireLockedBrowser:
    """Let a sitting be written in Safe Exam Browser only, or, with None, in any browser."""

    actor: str
    sitting_id: str
    browser: LockedBrowser | None


def read_browser_exam_keys(text: str) -> tuple[str, ...]:
    """Return the keys that somebody typed, one a line; raises BrowserExamKeyUnfitError."""
    keys = tuple(dict.fromkeys(text.lower().split()))
    if len(keys) > BROWSER_EXAM_KEYS_MAX or not all(map(_HEXADECIMAL_KEY.fullmatch, keys)):
        raise BrowserExamKeyUnfitError
    return keys
