"""Lost time as the invigilator sees it: every outage, whom it touched, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.decide.now import Now
from appliance.domain.lost_time import LostTime, Outage, outages
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState
from appliance.services.box import Box


@dataclass(frozen=True, slots=True)
class LostTimeView:
    """One candidate's part of an outage."""

    lost: LostTime
    name: str
    seat: str
    may_be_given: bool


@dataclass(frozen=True, slots=True)
class OutageView:
    """One outage.  `proposed` are those that wait for somebody's word."""

    began_at_ms: int
    is_of_room: bool
    parts: tuple[LostTimeView, ...]

    @property
    def proposed(self) -> list[LostTimeView]:
        """Return who could be given time back now."""
        return [one for one in self.parts if one.lost.is_proposed and one.may_be_given]

    @property
    def lasting(self) -> list[LostTimeView]:
        """Return whose computer is still away."""
        return [one for one in self.parts if one.lost.seconds is None]


@dataclass(frozen=True, slots=True)
class BoxOutage:
    """A time in which the box itself was away: nobody's clock went on, so nothing is decided."""

    noted_at_ms: int
    down_seconds: int
    candidates: int


def show_lost_time(box: Box, attempt_id: str | None = None) -> list[OutageView]:
    """Return the outages of the room session, newest first; or those of one attempt."""

    def see(state: RoomState, _now: Now) -> list[OutageView]:
        found = [_view(state, one) for one in outages(state.lost_time.values())]
        return [
            one
            for one in reversed(found)
            if attempt_id is None or any(part.lost.attempt_id == attempt_id for part in one.parts)
        ]

    return box.open_room().writer.look(see)


def _view(state: RoomState, outage: Outage) -> OutageView:
    return OutageView(
        began_at_ms=outage.lost[0].began_at_ms,
        is_of_room=outage.is_of_room,
        parts=tuple(_part(state, lost) for lost in outage.lost),
    )


def _part(state: RoomState, lost: LostTime) -> LostTimeView:
    attempt = state.attempt(lost.attempt_id)
    may_be_given = attempt.state in {AttemptState.WRITING, AttemptState.SUSPENDED}
    return LostTimeView(lost, attempt.name, attempt.seat or "", may_be_given)


def show_box_outages(box: Box) -> list[BoxOutage]:
    """Return the outages of the box itself, newest first."""
    found = []
    for entry in box.open_room().queries.entries():
        body = entry.decoded_body()
        seconds, attempts = body.get("down_seconds"), body.get("attempts")
        if isinstance(seconds, int) and isinstance(attempts, list):
            found.append(BoxOutage(entry.at_ms, seconds, len(attempts)))
    return found[::-1]
