"""Where else the journal is: how far each copy has come, and so what is safe in two places.

A copy is a standby box, a mirror stick or the centre.  It says itself up to which entry it is
durable there; that is the only thing believed.  "In two places" is said only while the copy is
heard of, because what was there an hour ago may be gone.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

STANDBY_RECENT_MS = 5_000
TRAIL_MAX = 512
"""Saves of one browser that may wait to be copied; beyond that the oldest are folded together."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: up to which entry it is durable, and when that was last heard (monotonic ms)."""

    seq: int
    heard_ms: int
    recent_ms: int

    def is_recent(self, now_ms: int) -> bool:
        """Say whether it is heard of now."""
        return now_ms - self.heard_ms <= self.recent_ms


@dataclass(slots=True)
class _Trail:
    """One browser's saves that are not copied yet, as (entry, change), oldest first."""

    waiting: deque[tuple[int, int]] = field(default_factory=deque)
    newest: tuple[int, int] = (0, 0)
    copied_no: int = 0


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether all of a browser's saved work is in two places now, and up to which change it was."""

    in_two_places: bool
    copied_no: int


class Copies:
    """All copies of one journal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: dict[str, Copy] = {}
        self._trails: dict[tuple[str, str], _Trail] = {}

    def heard(self, name: str, seq: int, now_ms: int, *, recent_ms: int) -> None:
        """Note that the copy `name` is durable up to and including entry `seq`."""
        with self._lock:
            self._copies[name] = Copy(seq, now_ms, recent_ms)

    def copy(self, name: str) -> Copy | None:
        """Return what is known of one copy."""
        return self._copies.get(name)

    def anywhere(self) -> bool:
        """Say whether there has been any copy since this process began."""
        return bool(self._copies)

    def safe_seq(self, now_ms: int) -> int:
        """Return up to which entry the journal is in two places at this moment, 0 for nothing."""
        with self._lock:
            return max(
                (one.seq for one in self._copies.values() if one.is_recent(now_ms)), default=0
            )

    def safety(
        self, client: tuple[str, str], acknowledged_no: int, head_seq: int, now_ms: int
    ) -> Safety:
        """Say how safe a browser's work is; `head_seq` is the newest entry, which may be its own.

        Everything up to `head_seq` must be durable here.  Any thread.
        """
        safe_seq = self.safe_seq(now_ms)
        with self._lock:
            trail = self._trails.setdefault(client, _Trail())
            if trail.newest[1] < acknowledged_no:
                trail.newest = (head_seq, acknowledged_no)
                if len(trail.waiting) == TRAIL_MAX:
                    trail.waiting.pop()
                trail.waiting.append(trail.newest)
            while trail.waiting and trail.waiting[0][0] <= safe_seq:
                trail.copied_no = trail.waiting.popleft()[1]
            return Safety(0 < trail.newest[0] <= safe_seq, trail.copied_no)
