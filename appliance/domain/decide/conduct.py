"""Decisions about what is noted of how candidates behave."""

from __future__ import annotations

from appliance.domain.conduct import BlockedKeys, NoteBlockedKeys
from appliance.domain.decide.now import Now
from appliance.domain.journal import Draft
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState

_NOT_BEGUN = {AttemptState.EXPECTED, AttemptState.ADMITTED, AttemptState.ABSENT}


def note_blocked_keys(state: RoomState, command: NoteBlockedKeys, _now: Now) -> list[Draft]:
    """Note that there are more blocked keys, where the exam has that noted; else nothing.

    Also right after hand-in: what was counted before it may not be on the record yet.
    """
    attempt = state.attempt(command.attempt_id)
    if attempt.sitting_id not in state.conduct_bases or attempt.state in _NOT_BEGUN:
        return []
    before = state.blocked_keys.get(attempt.attempt_id, BlockedKeys())
    after = before.with_reported(command.workstation_id, command.reported_count)
    if after.count == before.count:
        return []
    body: dict[str, object] = {
        "blocked_count": after.count,
        "workstation": after.workstation_id,
        "reported_count": after.reported_count,
    }
    return [Draft("keys_blocked", command.actor, attempt.attempt_id, body)]
