"""Time that candidates lost because their computer did not reach the box.

A stretch of it is a proposal, not a credit: a computer that is cut off from the box may still be
written on, a dead one may not, and only a person in the room can tell.  Time lost with the box
itself is none of this: the room clock stood still then (docs/decisions/room-clock.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROOM_OUTAGE_WITHIN_MS = 30_000
ROOM_OUTAGE_CANDIDATES_MIN = 3
ROOM_OUTAGE_SHARE_PERCENT = 20
ROOM_OUTAGE_SMALL_ROOM_MIN = 2
"""Computers lost within the same half minute are one outage of the room, say a switch, if they are
three or more, or a fifth of those who wrote and at least two."""


@dataclass(slots=True)
class LostTime:
    """One stretch in which an attempt's computer was not heard from.

    `began_clock_ms` is room clock; `began_used_ms` is what the time account had used by then.
    `seconds` is how much of the account went by, and None while it lasts.  `unsent_count` says how
    many changes the computer had made meanwhile.  `decision` is "granted" or "declined".
    """

    lost_id: str
    attempt_id: str
    began_at_ms: int
    began_clock_ms: int
    began_used_ms: int
    writing_count: int
    seconds: int | None = None
    unsent_count: int = 0
    decision: str | None = None
    granted_seconds: int = 0
    decided_by: str = ""
    reason: str = ""

    @property
    def is_proposed(self) -> bool:
        """Say whether it waits for somebody's word."""
        return self.decision is None and bool(self.seconds)


@dataclass(frozen=True, slots=True)
class Outage:
    """What began together: one computer's, or the room's."""

    lost: tuple[LostTime, ...]
    is_of_room: bool


def outages(lost: Iterable[LostTime]) -> list[Outage]:
    """Return lost time by outage, oldest first."""
    found: list[Outage] = []
    together: list[LostTime] = []
    for one in sorted(lost, key=lambda one: (one.began_clock_ms, int(one.lost_id))):
        if together and one.began_clock_ms - together[0].began_clock_ms > ROOM_OUTAGE_WITHIN_MS:
            found += _outages_of(together)
            together = []
        together.append(one)
    return found + _outages_of(together)


def _outages_of(together: list[LostTime]) -> list[Outage]:
    """Tell an outage of the room from several computers that had trouble at the same time."""
    count = len({one.attempt_id for one in together})
    writing_count = max((one.writing_count for one in together), default=0)
    share = count * 100 >= ROOM_OUTAGE_SHARE_PERCENT * writing_count
    small = count >= ROOM_OUTAGE_SMALL_ROOM_MIN and share
    if count >= ROOM_OUTAGE_CANDIDATES_MIN or small:
        return [Outage(tuple(together), is_of_room=True)]
    return [Outage((one,), is_of_room=False) for one in together]
