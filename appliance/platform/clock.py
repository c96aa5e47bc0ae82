"""The clocks of the machine: wall time for people and records, monotonic time for counting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What the rest of the product may know of time."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, UTC, as this machine believes."""

    def monotonic_ms(self) -> int:
        """Milliseconds since this machine was switched on, sleep included; never steps."""


class SystemClock:
    """The clocks of this machine."""

    def wall_ms(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """See Clock.  CLOCK_BOOTTIME, so that the count goes on across a restart of the process."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """Name this boot of the machine: monotonic times of one boot may be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
