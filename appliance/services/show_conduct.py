"""Conduct as invigilators see it: what each exam has noted, on which basis, and what there is."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.decide.now import Now
from appliance.domain.room import Attempt, RoomState
from appliance.services.box import Box


@dataclass(frozen=True, slots=True)
class BlockedKeysView:
    """A candidate of whom blocked keys are on the record."""

    name: str
    seat: str
    blocked_keys_count: int


@dataclass(frozen=True, slots=True)
class ConductView:
    """An exam that has conduct noted, and its candidates of whom there is something."""

    title: str
    basis: str
    blocked_keys: tuple[BlockedKeysView, ...]


def show_conduct(box: Box) -> tuple[ConductView, ...]:
    """Return the exams of the room that have conduct noted; none while no room is open."""
    room = box.room
    if room is None:
        return ()

    def see(state: RoomState, _now: Now) -> tuple[ConductView, ...]:
        return tuple(
            ConductView(
                title=state.sitting(sitting_id).title,
                basis=basis,
                blocked_keys=tuple(
                    _blocked_keys(state, one)
                    for one in state.attempts_of(sitting_id)
                    if one.attempt_id in state.blocked_keys
                ),
            )
            for sitting_id, basis in state.conduct_bases.items()
        )

    return room.writer.look(see)


def _blocked_keys(state: RoomState, one: Attempt) -> BlockedKeysView:
    return BlockedKeysView(one.name, one.seat or "", state.blocked_keys[one.attempt_id].count)
