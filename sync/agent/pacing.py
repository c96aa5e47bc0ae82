"""When to try again, and how much to send at once."""

from __future__ import annotations

from collections.abc import Callable

FIRST_WAIT_MS = 1_000
LONGEST_WAIT_MS = 60_000
BUNDLE_ENTRIES_MIN = 10
BUNDLE_ENTRIES_START = 500
BUNDLE_ENTRIES_MAX = 4_000


class Pace:
    """Waits longer after each failure, and sends less: halved on failure, doubled on success.

    `jitter` returns a number from 0 up to 1, so that boxes that lost the centre together do not
    come back together.  Failures are retried for ever; only the wait has an upper bound.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failure_count = 0
        self._next_try_at_ms = 0
        self.bundle_entries = BUNDLE_ENTRIES_START

    def another(self) -> Pace:
        """Return a pace of its own for something else on the same line."""
        return Pace(self._jitter)

    def is_due(self, now_ms: int) -> bool:
        """Say whether it is time to try; `now_ms` is monotonic."""
        return now_ms >= self._next_try_at_ms

    def succeeded(self) -> None:
        """The line is good."""
        self._failure_count = 0
        self._next_try_at_ms = 0
        self.bundle_entries = min(BUNDLE_ENTRIES_MAX, self.bundle_entries * 2)

    def failed(self, now_ms: int) -> None:
        """The line is bad: wait between half and all of a time that doubles."""
        longest = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(self._failure_count, 10))
        self._next_try_at_ms = now_ms + int(longest * (1 + self._jitter()) / 2)
        self._failure_count += 1
        self.bundle_entries = max(BUNDLE_ENTRIES_MIN, self.bundle_entries // 2)
