"""Noting conduct: whose computers count blocked keys, and putting the numbers on the record.

A report is heard without a word to the journal, because anybody may send one.  The box looks at
what was reported on its rounds, and writes little of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from appliance.domain.conduct import BlockedKeys, NoteBlockedKeys
from appliance.domain.decide.now import Now
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState
from appliance.services.box import Box
from appliance.services.presence import Contact
from appliance.services.room import Room

NOTED_EVERY_MS = 60_000
"""An attempt gets at most one entry in this time, and one more when its computer stops to count."""
NAME_CHARACTERS = 16

_WRITING = {AttemptState.WRITING, AttemptState.SUSPENDED}


def count_name(attempt_id: str) -> str:
    """Return the name under which a computer counts for an attempt.

    It follows from the attempt, so a box that was started anew or took over gives the same one and
    the counting goes on; and the attempt does not follow from it, because anybody is told it.
    """
    return hashlib.sha256(f"conduct|{attempt_id}".encode()).hexdigest()[:NAME_CHARACTERS]


def counting_seats(state: RoomState, contacts: dict[str, Contact]) -> dict[str, str]:
    """Return the attempt for which each workstation counts blocked keys now.

    One that is written, in an exam that has conduct noted, at the computer that holds it.  Of two
    that name the same computer, which one of them invents, the one heard last.
    """
    seats: dict[str, str] = {}
    for attempt_id, contact in sorted(contacts.items(), key=lambda one: one[1].heard_ms):
        attempt = state.attempts.get(attempt_id)
        if (
            attempt is not None
            and contact.workstation_id
            and attempt.sitting_id in state.conduct_bases
            and attempt.state in _WRITING
            and attempt.client_id == contact.client_id
        ):
            seats[contact.workstation_id] = attempt_id
    return seats


@dataclass(slots=True)
class ConductNotes:
    """Who counts for whom in the room, since when nothing was noted of an attempt."""

    room: Room | None = None
    seats: dict[str, str] = field(default_factory=dict)
    noted_ms: dict[str, int] = field(default_factory=dict)

    def look(self, box: Box) -> None:
        """Note what has grown, then tell the computers of the room which of them count."""
        room = box.room
        if room is not self.room:
            self.room, self.seats, self.noted_ms = room, {}, {}
        if room is None:
            box.workstations.count_for({})
            return
        contacts = room.presence.snapshot()
        reported = box.workstations.blocked_keys()

        def see(state: RoomState, _now: Now) -> tuple[dict[str, str], set[str]]:
            grown = {
                workstation_id
                for workstation_id, attempt_id in self.seats.items()
                if has_grown(state, attempt_id, workstation_id, reported.get(workstation_id))
            }
            return counting_seats(state, contacts), grown

        seats, grown = room.writer.look(see)
        now_ms = box.clock.monotonic_ms()
        for workstation_id in grown:
            attempt_id = self.seats[workstation_id]
            stops = seats.get(workstation_id) != attempt_id
            noted_ms = self.noted_ms.get(attempt_id)
            if stops or noted_ms is None or now_ms - noted_ms >= NOTED_EVERY_MS:
                count = reported[workstation_id]
                room.writer.write(NoteBlockedKeys("box", attempt_id, workstation_id, count))
                self.noted_ms[attempt_id] = now_ms
        self.seats = seats
        box.workstations.count_for({name: count_name(one) for name, one in seats.items()})


def has_grown(
    state: RoomState, attempt_id: str, workstation_id: str, reported_count: int | None
) -> bool:
    """Say whether a computer claims more blocked keys than are on the record."""
    if reported_count is None:
        return False
    before = state.blocked_keys.get(attempt_id, BlockedKeys())
    return before.with_reported(workstation_id, reported_count).count > before.count
