"""A clock that stands where a test sets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FixedClock:
    """Both clocks show `now_ms`."""

    now_ms: int = 0

    def wall_ms(self) -> int:
        """See appliance.platform.clock.Clock."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """See appliance.platform.clock.Clock."""
        return self.now_ms
