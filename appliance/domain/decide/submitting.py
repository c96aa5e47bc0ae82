"""The one way an attempt is handed in, whoever or whatever does it."""

from __future__ import annotations

from appliance.domain.decide.now import Now
from appliance.domain.journal import Draft
from appliance.domain.room import Attempt
from appliance.domain.states import AttemptState, require_attempt_move


def submission(attempt: Attempt, *, actor: str, by: str, now: Now) -> Draft:
    """Return the draft that hands an attempt in; `by` is "candidate", "time" or "end"."""
    require_attempt_move(attempt.state, AttemptState.SUBMITTED)
    return Draft("attempt_submitted", actor, attempt.attempt_id, {"by": by, "t": now.clock_ms})
