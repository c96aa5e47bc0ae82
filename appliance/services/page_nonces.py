"""Nonces in the address of a page that Safe Exam Browser opened: each is good for one browser.

A page's own proof is a hash of its address, so without this it could be shown anywhere else.
The nonce carries a code that only the room's boxes can make, so that it is known after a restart
and a take-over; which browser used it is in memory: after a restart the first to show it has it.
"""

from __future__ import annotations

import hmac
import threading

from appliance.domain.locked_browser import LockedBrowser
from appliance.formats.seb_exam import derived
from appliance.platform.ids import new_id

NONCE_CHARACTERS = 16
CODE_CHARACTERS = 32
NONCES_MAX = 4096
"""Beyond these the oldest is forgotten: a room opens some hundreds."""


def new_nonce(browser: LockedBrowser) -> str:
    """Return a nonce for the address of a page."""
    nonce = new_id(NONCE_CHARACTERS)
    return nonce + _code(browser, nonce)


def is_nonce(browser: LockedBrowser, nonce: str) -> bool:
    """Say whether a box of this room made the nonce for this sitting."""
    code = _code(browser, nonce[:NONCE_CHARACTERS])
    return hmac.compare_digest(nonce[NONCE_CHARACTERS:].encode(), code.encode())


def _code(browser: LockedBrowser, nonce: str) -> str:
    return derived(browser, f"page {nonce}").hex()[:CODE_CHARACTERS]


class PageNonces:
    """Which browser used which nonce."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used_by: dict[str, str] = {}

    def use(self, nonce: str, client_id: str) -> bool:
        """Let a browser use a nonce; say whether it is its own."""
        with self._lock:
            owner = self._used_by.setdefault(nonce, client_id)
            if len(self._used_by) > NONCES_MAX:
                del self._used_by[next(iter(self._used_by))]
        return owner == client_id
