"""Time is an account: seconds allotted, and time used, which grows only while writing.

Used time is counted on the **room clock**: the milliseconds for which this room session has been
served, carried on in the journal.  The room clock stands still while the box is down and knows
nothing of wall time, so neither a power cut nor a wrong clock can eat a candidate's time.
DESIGN section 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TimeAccount:
    """One attempt's time.  `counting_since_ms` is a room-clock time, or None while it rests."""

    allotted_seconds: int
    used_ms: int = 0
    counting_since_ms: int | None = None

    def used_at(self, clock_ms: int) -> int:
        """Return the milliseconds used at room-clock time `clock_ms`."""
        if self.counting_since_ms is None:
            return self.used_ms
        return self.used_ms + max(0, clock_ms - self.counting_since_ms)

    def remaining_ms(self, clock_ms: int) -> int:
        """Return the milliseconds left at room-clock time `clock_ms`; never negative."""
        return max(0, self.allotted_seconds * 1000 - self.used_at(clock_ms))

    def counting_from(self, clock_ms: int) -> TimeAccount:
        """Start counting, or go on if it counts already."""
        if self.counting_since_ms is not None:
            return self
        return replace(self, counting_since_ms=clock_ms)

    def resting_from(self, clock_ms: int) -> TimeAccount:
        """Stop counting and keep what was used."""
        return replace(self, used_ms=self.used_at(clock_ms), counting_since_ms=None)

    def extended_by(self, seconds: int) -> TimeAccount:
        """Change what is allotted; a negative number takes time back, never below zero."""
        return replace(self, allotted_seconds=max(0, self.allotted_seconds + seconds))

    def ran_out_before(self, clock_ms: int) -> bool:
        """Say whether all allotted time was used before room-clock time `clock_ms`."""
        return self.used_at(clock_ms) > self.allotted_seconds * 1000
