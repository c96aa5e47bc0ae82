"""The one exchange between a candidate's page and the box: autosave, heartbeat, clock, messages.

docs/candidate-protocol.md is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import ClientUnknownError
from appliance.domain.room import Attempt, RoomState
from appliance.domain.states import AttemptState, SittingState
from appliance.services.box import Box
from appliance.services.presence import Contact
from appliance.services.room import Room, SignedIn
from appliance.services.shown_hashes import Shown

WRITING_EVERY_MS = 5000
WAITING_EVERY_MS = 2500
COPIED_WITHIN_MS = 1500
"""When to call again while a copy is just about to have the newest."""
"""How often a page calls when it has nothing to save.  It adds its own jitter."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a page tells besides its changes."""

    address: str
    item_id: str
    battery_percent: int | None
    unsent_count: int
    seen_message_count: int
    oldest_no: int = 0
    workstation_id: str = ""
    shown: tuple[Shown, ...] = ()


def exchange(
    box: Box, signed_in: SignedIn, changes: tuple[Change, ...], telling: Telling
) -> dict[str, Any]:
    """Save the changes and return how things stand for this attempt and this browser."""
    room = box.open_room()
    _note_contact(box, room, signed_in, telling)

    def view(state: RoomState, now: Now) -> Standing:
        return standing(state, now, signed_in, telling.seen_message_count)

    if not changes:
        return with_safety(room, signed_in, room.writer.look(view))
    command = c.SaveChanges(
        "candidate", signed_in.attempt_id, signed_in.client_id, changes, telling.oldest_no
    )
    return with_safety(room, signed_in, room.writer.write_and_look(command, view))


def _note_contact(box: Box, room: Room, signed_in: SignedIn, telling: Telling) -> None:
    contact = Contact(
        heard_ms=box.clock.monotonic_ms(),
        client_id=signed_in.client_id,
        address=telling.address,
        item_id=telling.item_id,
        battery_percent=telling.battery_percent,
        unsent_count=telling.unsent_count,
        workstation_id=telling.workstation_id,
        shown=telling.shown,
    )
    away_seconds = room.presence.heard(signed_in.attempt_id, contact)
    if away_seconds is not None:
        room.writer.write(
            c.NoteContact(
                "box",
                signed_in.attempt_id,
                lost=False,
                away_seconds=away_seconds,
                unsent_count=telling.unsent_count,
            )
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand for one browser after the entry `head_seq`, at `now_ms` (monotonic)."""

    fields: dict[str, Any]
    head_seq: int
    now_ms: int


def with_safety(room: Room, signed_in: SignedIn, seen: Standing) -> dict[str, Any]:
    """Add where the work is safe.

    Only now, when everything that was seen is durable: what was decided for a commit that failed
    must never be taken for saved, here or in a copy.
    """
    fields = seen.fields
    acknowledged = fields["acknowledged"]
    others = len(fields["boxes"]) > 1 or room.copies.anywhere()
    client = (signed_in.attempt_id, signed_in.client_id)
    safety = room.copies.safety(client, acknowledged, seen.head_seq, seen.now_ms)
    fields["safe"] = "two_places" if safety.in_two_places else "box"
    fields["copied"] = safety.copied_no if others else acknowledged
    if others and not safety.in_two_places and fields["next_in_ms"] == WRITING_EVERY_MS:
        fields["next_in_ms"] = COPIED_WITHIN_MS
    return fields


def standing(state: RoomState, now: Now, signed_in: SignedIn, seen_message_count: int) -> Standing:
    """Return what the page must know; raises ClientUnknownError for a browser not signed in."""
    attempt = state.attempt(signed_in.attempt_id)
    client = state.clients.get((signed_in.attempt_id, signed_in.client_id))
    if client is None:
        raise ClientUnknownError
    sitting = state.sitting(attempt.sitting_id)
    writing = attempt.state is AttemptState.WRITING and sitting.state is SittingState.RUNNING
    messages = [
        {"text": one.text, "sent_at_ms": one.sent_at_ms}
        for one in state.messages.values()
        if one.attempt_id == attempt.attempt_id
        or (one.attempt_id is None and one.sitting_id == attempt.sitting_id)
    ]
    fields = {
        "acknowledged": client.acknowledged_change_no,
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
        "next_in_ms": WRITING_EVERY_MS if writing else WAITING_EVERY_MS,
    }
    return Standing(fields, now.head_seq, now.monotonic_ms)


def _where(attempt: Attempt, client_id: str) -> str:
    """Return "here", "asking" while the invigilator decides about a move, or "elsewhere"."""
    if attempt.client_id == client_id:
        return "here"
    return "asking" if attempt.waiting_client_id == client_id else "elsewhere"
