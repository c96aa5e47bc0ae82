"""Decisions about the room session itself: opening, sealing, its clock, its record."""

from __future__ import annotations

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.decide.submitting import submission
from appliance.domain.errors import InvalidInputError, RefusedError
from appliance.domain.journal import Draft
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState, SittingState

TEXT_MAX_CHARACTERS = 2000
SUBMIT_GRACE_MS = 5000
"""How long after the last second the box waits for changes on their way before it hands in."""


class RoomSessionSealedError(RefusedError):
    """The room session is closed for good."""

    key = "room_session_sealed"
    staff_message = "This room session is closed and signed. Open a new one."
    candidate_message = "This exam is over. Please tell the invigilator if you are still writing."


class RoomSessionOpenError(RefusedError):
    """It is open already."""

    key = "room_session_open"
    staff_message = "The room is open already."


class SittingUnfinishedError(RefusedError):
    """Somebody may still be writing."""

    key = "sitting_unfinished"
    staff_message = "{title} has not ended. End it first, then close the room."


class TextUnfitError(InvalidInputError):
    """Nothing was written, or too much."""

    key = "text_unfit"
    staff_message = "Please write something, at most {characters_max} characters."


def require_text(text: str) -> str:
    """Return the text without white space around it, or raise TextUnfitError."""
    text = text.strip()
    if not text or len(text) > TEXT_MAX_CHARACTERS:
        raise TextUnfitError(characters_max=TEXT_MAX_CHARACTERS)
    return text


def open_room_session(state: RoomState, command: c.OpenRoomSession, now: Now) -> list[Draft]:
    """Open the room."""
    if state.session.opened_at_ms is not None:
        raise RoomSessionOpenError
    body: dict[str, object] = {
        "room": command.room,
        "practice": command.practice,
        **clock(now),
    }
    return [Draft("room_session_opened", command.actor, state.session.journal_id, body)]


def _require_all_ended(state: RoomState) -> None:
    for sitting in state.sittings.values():
        if sitting.state in {SittingState.RUNNING, SittingState.PAUSED}:
            raise SittingUnfinishedError(title=sitting.title)


def close_sittings(state: RoomState, command: c.CloseSittings, _now: Now) -> list[Draft]:
    """Close every attempt, and every sitting that has ended."""
    _require_all_ended(state)
    drafts = []
    for attempt in state.attempts.values():
        if attempt.state in {AttemptState.EXPECTED, AttemptState.ADMITTED}:
            drafts.append(Draft("candidate_absent", command.actor, attempt.attempt_id, {}))
        elif attempt.state in {AttemptState.SUBMITTED, AttemptState.ON_PAPER}:
            drafts.append(Draft("attempt_closed", command.actor, attempt.attempt_id, {}))
    for sitting in state.sittings.values():
        if sitting.state is SittingState.ENDED:
            drafts.append(Draft("sitting_sealed", command.actor, sitting.sitting_id, {}))
    return drafts


def seal_room_session(state: RoomState, command: c.SealRoomSession, now: Now) -> list[Draft]:
    """Sign the head, which by then holds every closing entry, and close the room for good."""
    _require_all_ended(state)
    return [
        *checkpoint(state, c.Checkpoint(command.actor), now),
        Draft("room_session_sealed", command.actor, state.session.journal_id, {}),
    ]


def send_message(state: RoomState, command: c.SendMessage, _now: Now) -> list[Draft]:
    """Put a message where the candidates will see it."""
    state.sitting(command.sitting_id)
    if command.attempt_id is not None:
        state.attempt(command.attempt_id)
    body: dict[str, object] = {
        "message_id": command.message_id,
        "sitting_id": command.sitting_id,
        "attempt_id": command.attempt_id,
        "text": require_text(command.text),
    }
    return [Draft("message_sent", command.actor, command.attempt_id or command.sitting_id, body)]


def write_irregularity(state: RoomState, command: c.WriteIrregularity, _now: Now) -> list[Draft]:
    """Write down something out of the ordinary."""
    if command.attempt_id is not None:
        state.attempt(command.attempt_id)
    body: dict[str, object] = {
        "irregularity_id": command.irregularity_id,
        "attempt_id": command.attempt_id,
        "text": require_text(command.text),
    }
    subject = command.attempt_id or state.session.journal_id
    return [Draft("irregularity_written", command.actor, subject, body)]


def note_staff(state: RoomState, command: c.NoteStaff, _now: Now) -> list[Draft]:
    """Put a staff sign-in, sign-out or failed sign-in on the record."""
    body: dict[str, object] = {"what": command.what}
    return [Draft("staff_noted", command.actor, state.session.journal_id, body)]


def tick(state: RoomState, command: c.Tick, now: Now) -> list[Draft]:
    """Persist the room clock, and hand in whoever has used all the time there is."""
    if not state.anyone_writing():
        return []
    drafts = [Draft("clock_ticked", command.actor, state.session.journal_id, clock(now))]
    for attempt in state.attempts.values():
        if attempt.account.counting_since_ms is None:
            continue
        if attempt.account.ran_out_before(now.clock_ms - SUBMIT_GRACE_MS):
            drafts.append(submission(attempt, actor="box", by="time", now=now))
    return drafts


def note_restart(state: RoomState, command: c.NoteRestart, now: Now) -> list[Draft]:
    """Measure an outage of the box and credit it.

    The room clock stood still meanwhile, so the time was never used; the entry says how much that
    was, and an invigilator who finds it too much takes some back with a negative extension.
    """
    body: dict[str, object] = {
        "down_seconds": command.down_seconds,
        "exact": command.exact,
        "attempts": sorted(
            one.attempt_id
            for one in state.attempts.values()
            if one.account.counting_since_ms is not None
        ),
        **clock(now),
    }
    return [Draft("outage_credited", command.actor, state.session.journal_id, body)]


def checkpoint(state: RoomState, command: c.Checkpoint, now: Now) -> list[Draft]:
    """Sign the head, unless it is a checkpoint itself."""
    if now.head_seq == state.session.checkpoint_seq:
        return []
    body: dict[str, object] = {
        "seq": now.head_seq,
        "hash": now.head_hash.hex(),
        "signature": now.sign(checkpoint_bytes(state.session.journal_id, now)).hex(),
    }
    return [Draft("checkpoint_signed", command.actor, state.session.journal_id, body)]


def checkpoint_bytes(journal_id: str, now: Now) -> bytes:
    """Return the bytes that a checkpoint signs: a label, the journal, seq and hash of the head."""
    return f"examroom-checkpoint|{journal_id}|{now.head_seq}|{now.head_hash.hex()}".encode()


def clock(now: Now) -> dict[str, object]:
    """Return the fields by which an entry persists the room clock."""
    return {"t": now.clock_ms, "mono_ms": now.monotonic_ms, "boot": now.boot_id}
