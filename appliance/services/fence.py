"""The fence: what keeps a box that has been overtaken from ever acknowledging anything again.

The writer asks it before every commit.  It is down for good once another box has proved a higher
epoch.  And it closes for a moment when this process was asleep (stopped, suspended, starved):
meanwhile another box may have taken over, so the others are asked first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from appliance.domain.errors import RefusedError
from appliance.platform.clock import Clock

ASLEEP_MS = 3_000
"""Nobody beat for so long: the process was not running."""


class OvertakenError(RefusedError):
    """Another box leads the room now."""

    key = "overtaken"
    staff_message = "Another box leads this room now. Use the pages of that one."
    candidate_message = "Another box serves this room now. Your work is kept and follows by itself."


class Fence:
    """One box's right to write one journal."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._look_around: Callable[[], None] = lambda: None
        # As if asleep until now: a process that has just begun asks before its first word, too.
        self._beaten_ms = clock.monotonic_ms() - ASLEEP_MS - 1
        self._asking = threading.Lock()
        self._is_down = False
        self._has_begun = False
        self._slept_ms = 0
        self._noted_ms = 0
        self._rests_until_ms = 0

    def ask_by(self, look_around: Callable[[], None]) -> None:
        """Say how the other boxes are asked who leads; it lowers the fence if another one does."""
        self._look_around = look_around

    def beat(self) -> None:
        """Say that the process runs.  Called about every second; after a sleep it asks first."""
        self._wake()
        self._beaten_ms = self._clock.monotonic_ms()

    def lower(self) -> None:
        """From here on nothing is written."""
        self._is_down = True

    def rest(self, milliseconds: int) -> None:
        """Write nothing for so long, because another box is about to lead."""
        self._rests_until_ms = self._clock.monotonic_ms() + milliseconds

    def require_up(self) -> None:
        """Raise OvertakenError if another box leads by now, or is about to."""
        self._wake()
        now_ms = self._clock.monotonic_ms()
        if self._is_down or now_ms < self._rests_until_ms:
            raise OvertakenError
        # Who writes is awake, even where the beating thread does not get its turn.
        self._beaten_ms = now_ms

    def slept_ms(self) -> int:
        """Return for how long the process has not run, all sleeps together."""
        return self._slept_ms

    def sleep_to_note(self) -> int:
        """Return how many milliseconds of sleep have come since this was asked last."""
        self._wake()
        with self._asking:
            fresh, self._noted_ms = self._slept_ms - self._noted_ms, self._slept_ms
        return fresh

    def is_down(self) -> bool:
        """Say whether another box leads."""
        return self._is_down

    def _wake(self) -> None:
        if self._clock.monotonic_ms() - self._beaten_ms <= ASLEEP_MS or self._is_down:
            return
        with self._asking:
            asleep_ms = self._clock.monotonic_ms() - self._beaten_ms
            if asleep_ms <= ASLEEP_MS or self._is_down:
                return
            if self._has_begun:
                self._slept_ms += asleep_ms
            self._has_begun = True
            self._look_around()
            self._beaten_ms = self._clock.monotonic_ms()
