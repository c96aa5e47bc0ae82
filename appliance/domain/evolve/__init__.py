"""Evolving: `evolve(state, entry)` adds one entry to the state.  The only thing that changes it.

Live and rebuilt states are equal because both come from here.  An entry of an unknown kind is a
programmer error: a journal is only ever read by a version that knows its kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from appliance.domain.errors import InvariantViolated
from appliance.domain.evolve import attempts, boxes, conduct, lost_time, responses, room, sittings
from appliance.domain.journal import Entry
from appliance.domain.room import RoomState

Body = dict[str, object]

KINDS: Mapping[str, Callable[[RoomState, Entry, Body], None]] = MappingProxyType(
    room.KINDS
    | boxes.KINDS
    | sittings.KINDS
    | attempts.KINDS
    | lost_time.KINDS
    | responses.KINDS
    | conduct.KINDS
)
"""Every kind of entry there is, and what it changes."""


def evolve(state: RoomState, entry: Entry, body: Body) -> None:
    """Add `entry`, whose decoded body is `body`, to `state`."""
    change = KINDS.get(entry.kind)
    if change is None:
        raise InvariantViolated(f"no such kind of entry: {entry.kind}")
    change(state, entry, body)
