"""The nonces of other boxes' requests, so that a recorded request is of no use."""

from __future__ import annotations

import threading

from appliance.formats.request_signature import WINDOW_MS


class Nonces:
    """Remembers nonces for twice the window, in memory: a restart begins a new set of requests.

    Only a box whose signature was good gets one remembered, so nobody else can fill the memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], int] = {}

    def remember(self, box_id: str, nonce: str, at_ms: int) -> bool:
        """See NonceStore."""
        with self._lock:
            if (box_id, nonce) in self._seen:
                return False
            while self._seen:
                oldest = next(iter(self._seen))
                if abs(at_ms - self._seen[oldest]) <= 2 * WINDOW_MS:
                    break
                del self._seen[oldest]
            self._seen[box_id, nonce] = at_ms
            return True
