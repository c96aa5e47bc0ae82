"""What entries about a sitting change."""

from __future__ import annotations

from appliance.domain.evolve.reading import Body, number, number_or_none, text, texts
from appliance.domain.journal import Entry
from appliance.domain.locked_browser import LockedBrowser
from appliance.domain.room import RoomState, Sitting
from appliance.domain.states import AttemptState, SittingState


def sitting_created(state: RoomState, entry: Entry, body: Body) -> None:
    """A sitting is planned in this room session."""
    sitting = Sitting(
        sitting_id=entry.subject,
        title=text(body, "title"),
        package_id=text(body, "package_id"),
        duration_seconds=number(body, "duration_seconds"),
        planned_start_at_ms=number_or_none(body, "planned_start_at_ms"),
    )
    state.sittings[sitting.sitting_id] = sitting
    state.touched.add(("sittings", sitting.sitting_id))


def package_loaded(state: RoomState, entry: Entry, _body: Body) -> None:
    """Its package is here and intact."""
    _move(state, entry, SittingState.LOADED)


def exam_released(state: RoomState, entry: Entry, _body: Body) -> None:
    """Its package is open."""
    _move(state, entry, SittingState.RELEASED).released_by = entry.actor


def exam_opened_again(_state: RoomState, _entry: Entry, _body: Body) -> None:
    """It was released before, on another box: nothing changes."""


def locked_browser_required(state: RoomState, entry: Entry, body: Body) -> None:
    """From now on it is written in Safe Exam Browser only, or in any browser again."""
    browser = None
    if text(body, "browser") == "seb":
        browser = LockedBrowser(
            key=text(body, "key"),
            origins=texts(body, "origins"),
            authority=text(body, "authority"),
            browser_exam_keys=texts(body, "browser_exam_keys"),
            is_encrypted=body["is_encrypted"] is True,
            is_watched=body["is_watched"] is True,
        )
    state.sitting(entry.subject).locked_browser = browser
    state.touched.add(("sittings", entry.subject))


def sitting_started(state: RoomState, entry: Entry, body: Body) -> None:
    """It runs, and with it the clock of whoever was reopened before the start."""
    _move(state, entry, SittingState.RUNNING).started_at_ms = entry.at_ms
    state.session.clock_ms = max(state.session.clock_ms, number(body, "t"))
    _count_for_all_who_write(state, entry, body)


def sitting_paused(state: RoomState, entry: Entry, body: Body) -> None:
    """Every clock in it rests."""
    _move(state, entry, SittingState.PAUSED)
    for attempt in state.attempts_of(entry.subject):
        attempt.account = attempt.account.resting_from(number(body, "t"))
        state.touched.add(("attempts", attempt.attempt_id))


def sitting_resumed(state: RoomState, entry: Entry, body: Body) -> None:
    """The clocks of all who write go on; who is suspended alone stays so."""
    _move(state, entry, SittingState.RUNNING)
    _count_for_all_who_write(state, entry, body)


def _count_for_all_who_write(state: RoomState, entry: Entry, body: Body) -> None:
    for attempt in state.attempts_of(entry.subject):
        if attempt.state is AttemptState.WRITING:
            attempt.account = attempt.account.counting_from(number(body, "t"))
            state.touched.add(("attempts", attempt.attempt_id))


def sitting_ended(state: RoomState, entry: Entry, _body: Body) -> None:
    """Nobody writes any more."""
    _move(state, entry, SittingState.ENDED).ended_at_ms = entry.at_ms


def sitting_sealed(state: RoomState, entry: Entry, _body: Body) -> None:
    """Closed for good."""
    _move(state, entry, SittingState.SEALED)


def _move(state: RoomState, entry: Entry, wanted: SittingState) -> Sitting:
    sitting = state.sitting(entry.subject)
    sitting.state = wanted
    state.touched.add(("sittings", sitting.sitting_id))
    return sitting


KINDS = {
    "sitting_created": sitting_created,
    "package_loaded": package_loaded,
    "exam_released": exam_released,
    "exam_opened_again": exam_opened_again,
    "locked_browser_required": locked_browser_required,
    "sitting_started": sitting_started,
    "sitting_paused": sitting_paused,
    "sitting_resumed": sitting_resumed,
    "sitting_ended": sitting_ended,
    "sitting_sealed": sitting_sealed,
}
