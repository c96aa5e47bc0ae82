"""Decisions about lost time: noting it, giving it back, or not."""

from __future__ import annotations

from appliance.domain import commands as c
from appliance.domain import time_commands as t
from appliance.domain.decide.attempts import EXTENSION_MAX_SECONDS, ExtensionUnfitError
from appliance.domain.decide.now import Now
from appliance.domain.errors import ConflictError, NotFoundError, RefusedError
from appliance.domain.journal import Draft
from appliance.domain.lost_time import LostTime
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptMoveRefusedError, AttemptState


class LostTimeNotFoundError(NotFoundError):
    """No such lost time in this room session."""

    key = "lost_time_not_found"
    staff_message = "That lost time is not on the record. Look at the list again."


class LostTimeLastsError(RefusedError):
    """The computer is still away."""

    key = "lost_time_lasts"
    staff_message = "That computer is not back yet. Decide when it is: then the time is known."


class LostTimeDecidedError(ConflictError):
    """Somebody has decided about it already."""

    key = "lost_time_decided"
    staff_message = (
        "Somebody has decided about this lost time already. To change it, give time or take some "
        "back at the seat."
    )


def note_contact(state: RoomState, command: c.NoteContact, now: Now) -> list[Draft]:
    """Put on the record that a browser went silent, or came back and after how long."""
    attempt = state.attempt(command.attempt_id)
    if (attempt.lost_at_ms is not None) == command.lost:
        return []
    body: dict[str, object] = {"t": now.clock_ms, "away_seconds": command.away_seconds}
    if not command.lost:
        body["unsent_count"] = command.unsent_count
        return [Draft("contact_regained", command.actor, attempt.attempt_id, body)]
    body["writing_count"] = sum(
        1 for one in state.attempts.values() if one.state is AttemptState.WRITING
    )
    return [Draft("contact_lost", command.actor, attempt.attempt_id, body)]


def decide_lost_time(state: RoomState, command: t.DecideLostTime, now: Now) -> list[Draft]:
    """Give the time back to all who are named, or to none of them."""
    drafts: list[Draft] = []
    for lost in [_proposed(state, lost_id) for lost_id in dict.fromkeys(command.lost_ids)]:
        seconds = _granted_seconds(state, lost, command) if command.granted else 0
        body: dict[str, object] = {
            "lost_id": lost.lost_id,
            "decision": "granted" if command.granted else "declined",
            "granted_seconds": seconds,
            "reason": command.reason.strip(),
        }
        drafts.append(Draft("lost_time_decided", command.actor, lost.attempt_id, body))
        if command.granted:
            given: dict[str, object] = {
                "seconds": seconds,
                "reason": command.reason.strip(),
                "t": now.clock_ms,
            }
            drafts.append(Draft("time_extended", command.actor, lost.attempt_id, given))
    if not drafts:
        raise LostTimeNotFoundError
    return drafts


def _proposed(state: RoomState, lost_id: str) -> LostTime:
    lost = state.lost_time.get(lost_id)
    if lost is None:
        raise LostTimeNotFoundError
    if lost.decision is not None:
        raise LostTimeDecidedError
    if lost.seconds is None:
        raise LostTimeLastsError
    return lost


def _granted_seconds(state: RoomState, lost: LostTime, command: t.DecideLostTime) -> int:
    attempt = state.attempt(lost.attempt_id)
    if attempt.state not in {AttemptState.WRITING, AttemptState.SUSPENDED}:
        raise AttemptMoveRefusedError(state=attempt.state.value)
    seconds = lost.seconds if command.seconds is None else command.seconds
    if not seconds or not 0 < seconds <= EXTENSION_MAX_SECONDS:
        raise ExtensionUnfitError
    return seconds
