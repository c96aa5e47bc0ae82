"""What entries about lost time change."""

from __future__ import annotations

from appliance.domain.evolve.reading import Body, number, text
from appliance.domain.journal import Entry
from appliance.domain.lost_time import LostTime
from appliance.domain.room import Attempt, RoomState


def contact_lost(state: RoomState, entry: Entry, body: Body) -> None:
    """The browser went silent, and was so for a while when that was noticed."""
    attempt = state.attempt(entry.subject)
    attempt.lost_at_ms = entry.at_ms
    state.touched.add(("attempts", entry.subject))
    silent_ms = number(body, "away_seconds") * 1000
    used_ms = attempt.account.used_at(number(body, "t"))
    if attempt.account.counting_since_ms is not None:
        used_ms = max(0, used_ms - silent_ms)
    lost_id = str(entry.seq)
    state.lost_time[lost_id] = LostTime(
        lost_id=lost_id,
        attempt_id=entry.subject,
        began_at_ms=entry.at_ms - silent_ms,
        began_clock_ms=number(body, "t") - silent_ms,
        began_used_ms=used_ms,
        writing_count=number(body, "writing_count"),
    )
    state.touched.add(("lost_time", lost_id))


def contact_regained(state: RoomState, entry: Entry, body: Body) -> None:
    """The browser is back."""
    attempt = state.attempt(entry.subject)
    attempt.lost_at_ms = None
    attempt.away_seconds += number(body, "away_seconds")
    state.touched.add(("attempts", entry.subject))
    end_lost_time(state, attempt, number(body, "t"), unsent_count=number(body, "unsent_count"))


def end_lost_time(
    state: RoomState, attempt: Attempt, clock_ms: int, *, unsent_count: int = 0
) -> None:
    """Measure the stretch that lasts, if one does: how much of the account it took."""
    for lost in reversed(state.lost_time.values()):
        if lost.attempt_id == attempt.attempt_id and lost.seconds is None:
            used_ms = attempt.account.used_at(clock_ms) - lost.began_used_ms
            lost.seconds = max(0, used_ms) // 1000
            lost.unsent_count = unsent_count
            state.touched.add(("lost_time", lost.lost_id))
            return


def lost_time_decided(state: RoomState, entry: Entry, body: Body) -> None:
    """Somebody gave it back, or did not.  The time itself is given by `time_extended`."""
    lost = state.lost_time[text(body, "lost_id")]
    lost.decision = text(body, "decision")
    lost.granted_seconds = number(body, "granted_seconds")
    lost.decided_by = entry.actor
    lost.reason = text(body, "reason")
    state.touched.add(("lost_time", lost.lost_id))


KINDS = {
    "contact_lost": contact_lost,
    "contact_regained": contact_regained,
    "lost_time_decided": lost_time_decided,
}
