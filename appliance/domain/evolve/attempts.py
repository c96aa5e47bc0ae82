"""What entries about one attempt change."""

from __future__ import annotations

from appliance.domain.candidates import Accommodation
from appliance.domain.evolve.lost_time import end_lost_time
from appliance.domain.evolve.reading import Body, number, text, text_or_none
from appliance.domain.journal import Entry
from appliance.domain.room import Attempt, Client, RoomState
from appliance.domain.states import AttemptState, SittingState
from appliance.domain.time_accounts import TimeAccount


def attempt_created(state: RoomState, entry: Entry, body: Body) -> None:
    """A candidate is expected."""
    accommodations = body["accommodations"]
    lines = accommodations if isinstance(accommodations, list) else []
    state.attempts[entry.subject] = Attempt(
        attempt_id=entry.subject,
        sitting_id=text(body, "sitting_id"),
        candidate_id=text(body, "candidate_id"),
        number=text(body, "number"),
        given_name=text(body, "given_name"),
        family_name=text(body, "family_name"),
        anonymous_code=text(body, "anonymous_code"),
        code_hash=text(body, "code_hash"),
        accommodations=[Accommodation(*(str(part) for part in line)) for line in lines],
        account=TimeAccount(number(body, "allotted_seconds")),
        seat=text_or_none(body, "seat"),
        provisional="declaration" in body,
    )
    state.touched.add(("attempts", entry.subject))


def _attempt(state: RoomState, entry: Entry) -> Attempt:
    state.touched.add(("attempts", entry.subject))
    return state.attempt(entry.subject)


def candidate_checked_in(state: RoomState, entry: Entry, body: Body) -> None:
    """The person was seen; a seat is noted."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.ADMITTED
    attempt.seat = text_or_none(body, "seat") or attempt.seat
    attempt.checked_in_by = entry.actor


def check_in_undone(state: RoomState, entry: Entry, _body: Body) -> None:
    """Expected again."""
    attempt = _attempt(state, entry)
    attempt.state, attempt.checked_in_by = AttemptState.EXPECTED, None


def candidate_absent(state: RoomState, entry: Entry, _body: Body) -> None:
    """Has not come."""
    _attempt(state, entry).state = AttemptState.ABSENT


def attempt_started(state: RoomState, entry: Entry, body: Body) -> None:
    """The clock counts."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.WRITING
    attempt.started_at_ms = entry.at_ms
    attempt.account = attempt.account.counting_from(number(body, "t"))


def attempt_suspended(state: RoomState, entry: Entry, body: Body) -> None:
    """The clock rests."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.SUSPENDED
    attempt.account = attempt.account.resting_from(number(body, "t"))


def attempt_resumed(state: RoomState, entry: Entry, body: Body) -> None:
    """Writing again; the clock counts unless the whole sitting is paused."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.WRITING
    if state.sitting(attempt.sitting_id).state is SittingState.RUNNING:
        attempt.account = attempt.account.counting_from(number(body, "t"))


def attempt_reopened(state: RoomState, entry: Entry, body: Body) -> None:
    """Handed in by mistake: writing again."""
    attempt = _attempt(state, entry)
    attempt.submitted_at_ms = attempt.submitted_by = attempt.submitted_clock_ms = None
    attempt_resumed(state, entry, body)


def continued_on_paper(state: RoomState, entry: Entry, body: Body) -> None:
    """Pen and paper from here."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.ON_PAPER
    attempt.account = attempt.account.resting_from(number(body, "t"))
    end_lost_time(state, attempt, number(body, "t"))


def attempt_submitted(state: RoomState, entry: Entry, body: Body) -> None:
    """Handed in."""
    attempt = _attempt(state, entry)
    attempt.state = AttemptState.SUBMITTED
    attempt.account = attempt.account.resting_from(number(body, "t"))
    end_lost_time(state, attempt, number(body, "t"))
    attempt.submitted_at_ms = entry.at_ms
    attempt.submitted_by = text(body, "by")
    attempt.submitted_clock_ms = number(body, "t")
    attempt.submitted_seq = entry.seq
    attempt.help_asked_at_ms = None


def attempt_closed(state: RoomState, entry: Entry, _body: Body) -> None:
    """Closed for good."""
    _attempt(state, entry).state = AttemptState.CLOSED


def time_extended(state: RoomState, entry: Entry, body: Body) -> None:
    """More time, or less."""
    attempt = _attempt(state, entry)
    attempt.account = attempt.account.extended_by(number(body, "seconds"))
    attempt.extended_seconds += number(body, "seconds")


def candidate_signed_in(state: RoomState, entry: Entry, body: Body) -> None:
    """A browser is known for this attempt; signing in again renews its token."""
    key = (entry.subject, text(body, "client"))
    known = state.clients.get(key)
    if known is None:
        state.clients[key] = Client(*key, token_hash=text(body, "token_hash"))
    else:
        known.token_hash = text(body, "token_hash")
    state.touched.add(("clients", key))


def attempt_moved(state: RoomState, entry: Entry, body: Body) -> None:
    """Written on this computer from here, or on none."""
    attempt = _attempt(state, entry)
    attempt.client_id = text_or_none(body, "client")
    attempt.waiting_client_id = None
    holder = state.clients.get((entry.subject, attempt.client_id or ""))
    if holder is not None:
        holder.has_held = True
        state.touched.add(("clients", (holder.attempt_id, holder.client_id)))


def move_asked(state: RoomState, entry: Entry, body: Body) -> None:
    """Another computer waits for the invigilator's word."""
    _attempt(state, entry).waiting_client_id = text(body, "client")


def move_denied(state: RoomState, entry: Entry, _body: Body) -> None:
    """It stays where it is."""
    _attempt(state, entry).waiting_client_id = None


def help_asked(state: RoomState, entry: Entry, _body: Body) -> None:
    """A hand is up."""
    _attempt(state, entry).help_asked_at_ms = entry.at_ms


def help_given(state: RoomState, entry: Entry, _body: Body) -> None:
    """The hand is down."""
    _attempt(state, entry).help_asked_at_ms = None


KINDS = {
    "attempt_created": attempt_created,
    "candidate_checked_in": candidate_checked_in,
    "check_in_undone": check_in_undone,
    "candidate_absent": candidate_absent,
    "attempt_started": attempt_started,
    "attempt_suspended": attempt_suspended,
    "attempt_resumed": attempt_resumed,
    "attempt_reopened": attempt_reopened,
    "continued_on_paper": continued_on_paper,
    "attempt_submitted": attempt_submitted,
    "attempt_closed": attempt_closed,
    "time_extended": time_extended,
    "candidate_signed_in": candidate_signed_in,
    "attempt_moved": attempt_moved,
    "move_asked": move_asked,
    "move_denied": move_denied,
    "help_asked": help_asked,
    "help_given": help_given,
}
