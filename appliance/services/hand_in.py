"""Handing in, and the receipt for it."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.errors import RefusedError
from appliance.domain.room import RoomState
from appliance.formats.receipt import CandidateReceipt, digest_responses
from appliance.services.box import Box
from appliance.services.room import Room, SignedIn


class NotHandedInError(RefusedError):
    """There is no receipt before hand-in."""

    key = "not_handed_in"
    staff_message = "This candidate has not handed in yet."
    candidate_message = "You have not handed in yet."


@dataclass(frozen=True, slots=True)
class _Submitted:
    number: str
    at_ms: int
    seq: int


def hand_in(box: Box, signed_in: SignedIn, *, last_change_no: int, oldest_no: int = 0) -> None:
    """Hand in, once everything the page has is saved.  Safe to repeat."""
    room = box.open_room()
    room.writer.write(
        c.SubmitAttempt(
            "candidate", signed_in.attempt_id, signed_in.client_id, last_change_no, oldest_no
        )
    )
    room.presence.forget(signed_in.attempt_id)


def receipt_of(box: Box, room: Room, attempt_id: str) -> tuple[CandidateReceipt, int]:
    """Return the receipt of an attempt that is handed in, and how many responses it covers."""

    def see(state: RoomState, _now: Now) -> _Submitted | None:
        attempt = state.attempt(attempt_id)
        if attempt.submitted_at_ms is None or attempt.submitted_seq is None:
            return None
        return _Submitted(attempt.number, attempt.submitted_at_ms, attempt.submitted_seq)

    submitted = room.writer.look(see)
    if submitted is None:
        raise NotHandedInError
    responses = {
        (item_id, response_id): one.value
        for item_id, response_id, one in room.queries.responses(attempt_id)
    }
    receipt = CandidateReceipt(
        box_id=box.identity.id,
        attempt_id=attempt_id,
        candidate_number=submitted.number,
        submitted_at_ms=submitted.at_ms,
        journal_id=room.record.journal_id,
        seq=submitted.seq,
        head_hash=room.queries.entry_at(submitted.seq).hash,
        responses_digest=digest_responses(responses),
    )
    given = [value for value in responses.values() if value not in (None, "", [])]
    return receipt, len(given)
