"""Which rooms the boxes in reach belong to, and where a page of each is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk_client.trust import BoxSeen


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """One room.  `open_at` is the box that leads; empty: that one does not answer.

    `origins` are all boxes that belong to it, `answers_at` is one that was heard.
    """

    name: str
    open_at: str
    answers_at: str
    origins: frozenset[str]


def rooms_of(seen: Mapping[str, BoxSeen]) -> list[RoomSeen]:
    """Put together the boxes that name each other; `seen` are trusted boxes by address."""
    groups: list[set[str]] = []
    for origin, box in seen.items():
        group = {origin, box.leader, *box.boxes} - {""}
        apart = []
        for other in groups:
            if other & group:
                group |= other
            else:
                apart.append(other)
        groups = [*apart, group]
    return sorted((_room(group, seen) for group in groups), key=lambda one: one.name)


def _room(group: set[str], seen: Mapping[str, BoxSeen]) -> RoomSeen:
    boxes = {origin: seen[origin] for origin in sorted(group) if origin in seen}
    leading = [(box.epoch, origin) for origin, box in boxes.items() if box.leads]
    named = {box.leader for box in boxes.values()} - {""}
    if leading:
        open_at = max(leading)[1]
    elif named:
        # The box that leads does not answer.  A page opened at its standby would lead back to it.
        open_at = next((origin for origin in sorted(named) if origin in boxes), "")
    else:
        # The room is not open yet: any of its boxes sends the page on when one of them leads.
        open_at = next(iter(boxes))
    answers_at = open_at or next(iter(boxes))
    return RoomSeen(boxes[answers_at].room, open_at, answers_at, frozenset(group))
