"""The one exchange between a candidate's page and the box: autosave, heartbeat, clock, messages.

docs/candidate-protocol.md is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import ClientUnknownError
from appliance.domain.room import Attempt, RoomState
from appliance.domain.states import AttemptState, SittingState
from appliance.services.box import Box
from appliance.services.presence import Contact
from appliance.services.room import Room, SignedIn

WRITING_EVERY_MS = 5000
WAITING_EVERY_MS = 2500
COPIED_WITHIN_MS = 1500
"""How often a page calls when it has nothing to save.  It adds its own jitter."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a page tells besides its changes."""

    address: str
    item_id: str
    battery_percent: int | None
    unsent_count: int
    seen_message_count: int


def exchange(
    box: Box, signed_in: SignedIn, changes: tuple[c.Change, ...], telling: Telling
) -> dict[str, Any]:
    """Save the changes and return how things stand for this attempt and this browser."""
    room = box.open_room()
    _note_contact(box, room, signed_in, telling)

    def view(state: RoomState, now: Now) -> dict[str, Any]:
        return standing(room, state, now, signed_in, telling.seen_message_count)

    if not changes:
        return room.writer.look(view)
    command = c.SaveChanges("candidate", signed_in.attempt_id, signed_in.client_id, changes)
    return room.writer.write_and_look(command, view)


def _note_contact(box: Box, room: Room, signed_in: SignedIn, telling: Telling) -> None:
    contact = Contact(
        heard_ms=box.clock.monotonic_ms(),
        client_id=signed_in.client_id,
        address=telling.address,
        item_id=telling.item_id,
        battery_percent=telling.battery_percent,
        unsent_count=telling.unsent_count,
    )
    away_seconds = room.presence.heard(signed_in.attempt_id, contact)
    if away_seconds is not None:
        room.writer.write(
            c.NoteContact("box", signed_in.attempt_id, lost=False, away_seconds=away_seconds)
        )


def standing(
    room: Room, state: RoomState, now: Now, signed_in: SignedIn, seen_message_count: int
) -> dict[str, Any]:
    """Return what the page must know; raises ClientUnknownError for a browser not signed in.

    Runs in the journal's writer.
    """
    attempt = state.attempt(signed_in.attempt_id)
    client = state.clients.get((signed_in.attempt_id, signed_in.client_id))
    if client is None:
        raise ClientUnknownError
    sitting = state.sitting(attempt.sitting_id)
    writing = attempt.state is AttemptState.WRITING and sitting.state is SittingState.RUNNING
    acknowledged = client.acknowledged_change_no
    safety = room.copies.safety(
        (client.attempt_id, client.client_id), acknowledged, now.head_seq, now.monotonic_ms
    )
    has_others = len(state.boxes) > 1
    messages = [
        {"text": one.text, "sent_at_ms": one.sent_at_ms}
        for one in state.messages.values()
        if one.attempt_id == attempt.attempt_id
        or (one.attempt_id is None and one.sitting_id == attempt.sitting_id)
    ]
    return {
        "acknowledged": acknowledged,
        "safe": "two_places" if safety.in_two_places else "box",
        "copied": safety.copied_no if has_others else acknowledged,
        "epoch": now.epoch,
        "boxes": [one.origin for one in state.boxes.values()],
        "saved_at_ms": client.saved_at_ms,
        "now_ms": now.at_ms,
        "attempt_state": attempt.state.value,
        "sitting_state": sitting.state.value,
        "here": _where(attempt, signed_in.client_id),
        "remaining_ms": attempt.account.remaining_ms(now.clock_ms),
        "counting": attempt.account.counting_since_ms is not None,
        "extended_seconds": attempt.extended_seconds,
        "replaced_count": attempt.replaced_count,
        "submitted_by": attempt.submitted_by,
        "seat": attempt.seat,
        "help_asked": attempt.help_asked_at_ms is not None,
        "message_count": len(messages),
        "messages": messages[seen_message_count:],
        "next_in_ms": _next_in_ms(writing, waits=has_others and not safety.in_two_places),
    }


def _next_in_ms(writing: bool, *, waits: bool) -> int:
    """Return when the page should call again; sooner when a copy is just about to have it."""
    if writing:
        return COPIED_WITHIN_MS if waits else WRITING_EVERY_MS
    return WAITING_EVERY_MS


def _where(attempt: Attempt, client_id: str) -> str:
    """Return "here", "asking" while the invigilator decides about a move, or "elsewhere"."""
    if attempt.client_id == client_id:
        return "here"
    return "asking" if attempt.waiting_client_id == client_id else "elsewhere"
