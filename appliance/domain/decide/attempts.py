"""Decisions about one candidate's attempt: checking in, time, the computer, help."""

from __future__ import annotations

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.decide.room import require_text
from appliance.domain.decide.sittings import attempt_created, beginning, may_begin
from appliance.domain.errors import ConflictError, InvalidInputError, RefusedError
from appliance.domain.journal import Draft
from appliance.domain.rights import Right, Role, require_right
from appliance.domain.room import Attempt, RoomState
from appliance.domain.states import (
    AttemptMoveRefusedError,
    AttemptState,
    SittingState,
    require_attempt_move,
)

EXTENSION_MAX_SECONDS = 4 * 3600


class SeatTakenError(ConflictError):
    """Somebody else sits there."""

    key = "seat_taken"
    staff_message = "Seat {seat} is taken by {name}. Choose another seat, or free that one first."


class ExtensionUnfitError(InvalidInputError):
    """Nobody was chosen, or the time is nothing or too much."""

    key = "extension_unfit"
    staff_message = "Choose somebody, and a time of at most 4 hours that is not zero."


class NoMoveAskedError(RefusedError):
    """No other computer asks for this attempt."""

    key = "no_move_asked"
    staff_message = "No other computer asks for this candidate now."


class SittingOverError(RefusedError):
    """The exam has ended."""

    key = "sitting_over"
    staff_message = "{title} has ended, so nobody can be admitted to it any more."
    candidate_message = "This exam has ended. Please ask the invigilator."


def check_in(state: RoomState, command: c.CheckIn, now: Now) -> list[Draft]:
    """Admit a candidate whose person was checked, at a seat that is free."""
    attempt = state.attempt(command.attempt_id)
    require_attempt_move(attempt.state, AttemptState.ADMITTED)
    seat = (command.seat or "").strip() or None
    _require_free_seat(state, attempt, seat)
    _require_sitting_open(state, attempt)
    drafts = [Draft("candidate_checked_in", command.actor, attempt.attempt_id, {"seat": seat})]
    running = state.sitting(attempt.sitting_id).state is SittingState.RUNNING
    if running and attempt.client_id is not None:
        drafts.append(beginning(attempt, actor=command.actor, now=now))
    return drafts


def _require_free_seat(state: RoomState, attempt: Attempt, seat: str | None) -> None:
    for other in state.attempts.values():
        at_work = other.state not in {AttemptState.EXPECTED, AttemptState.ABSENT}
        if seat and other.seat == seat and at_work and other.attempt_id != attempt.attempt_id:
            raise SeatTakenError(seat=seat, name=other.name)


def _require_sitting_open(state: RoomState, attempt: Attempt) -> None:
    sitting = state.sitting(attempt.sitting_id)
    if sitting.state in {SittingState.ENDED, SittingState.SEALED}:
        raise SittingOverError(title=sitting.title)


def undo_check_in(state: RoomState, command: c.UndoCheckIn, _now: Now) -> list[Draft]:
    """Take a check-in back."""
    attempt = state.attempt(command.attempt_id)
    require_attempt_move(attempt.state, AttemptState.EXPECTED)
    return [Draft("check_in_undone", command.actor, attempt.attempt_id, {})]


def mark_absent(state: RoomState, command: c.MarkAbsent, _now: Now) -> list[Draft]:
    """Note that the candidate has not come."""
    attempt = state.attempt(command.attempt_id)
    require_attempt_move(attempt.state, AttemptState.ABSENT)
    return [Draft("candidate_absent", command.actor, attempt.attempt_id, {})]


def continue_on_paper(state: RoomState, command: c.ContinueOnPaper, now: Now) -> list[Draft]:
    """Let the candidate go on with pen and paper."""
    attempt = state.attempt(command.attempt_id)
    require_attempt_move(attempt.state, AttemptState.ON_PAPER)
    body: dict[str, object] = {"reason": require_text(command.reason), "t": now.clock_ms}
    return [Draft("continued_on_paper", command.actor, attempt.attempt_id, body)]


def admit_walk_in(state: RoomState, command: c.AdmitWalkIn, _now: Now) -> list[Draft]:
    """Add somebody who is not on the roster; the centre settles it later."""
    sitting = state.sitting(command.sitting_id)
    if sitting.state in {SittingState.ENDED, SittingState.SEALED}:
        raise SittingOverError(title=sitting.title)
    return [
        attempt_created(
            command.candidate,
            actor=command.actor,
            sitting_id=sitting.sitting_id,
            duration_seconds=sitting.duration_seconds,
            declaration=require_text(command.declaration),
        )
    ]


def suspend(state: RoomState, command: c.SuspendAttempt, now: Now) -> list[Draft]:
    """Stop one candidate's clock."""
    attempt = state.attempt(command.attempt_id)
    require_attempt_move(attempt.state, AttemptState.SUSPENDED)
    body: dict[str, object] = {"reason": command.reason, "t": now.clock_ms}
    return [Draft("attempt_suspended", command.actor, attempt.attempt_id, body)]


def resume(state: RoomState, command: c.ResumeAttempt, now: Now) -> list[Draft]:
    """Let one candidate's clock go on."""
    attempt = state.attempt(command.attempt_id)
    if attempt.state is not AttemptState.SUSPENDED:
        raise AttemptMoveRefusedError(state=attempt.state.value)
    return [Draft("attempt_resumed", command.actor, attempt.attempt_id, {"t": now.clock_ms})]


def reopen(state: RoomState, command: c.ReopenAttempt, now: Now) -> list[Draft]:
    """Let a candidate write again after hand-in."""
    require_right(Role(command.role), Right.REOPEN)
    attempt = state.attempt(command.attempt_id)
    if attempt.state not in {
        AttemptState.SUBMITTED,
        AttemptState.CLOSED,
        AttemptState.ON_PAPER,
    }:
        raise AttemptMoveRefusedError(state=attempt.state.value)
    _require_sitting_open(state, attempt)
    body: dict[str, object] = {"reason": require_text(command.reason), "t": now.clock_ms}
    return [Draft("attempt_reopened", command.actor, attempt.attempt_id, body)]


def extend_time(state: RoomState, command: c.ExtendTime, now: Now) -> list[Draft]:
    """Give time to some, or, with no attempts named, to everybody in the sitting."""
    if command.seconds == 0 or abs(command.seconds) > EXTENSION_MAX_SECONDS:
        raise ExtensionUnfitError
    chosen = [state.attempt(one) for one in command.attempt_ids] or [
        one
        for one in state.attempts_of(command.sitting_id)
        if one.state not in {AttemptState.SUBMITTED, AttemptState.CLOSED, AttemptState.ABSENT}
    ]
    if not chosen:
        raise ExtensionUnfitError
    body: dict[str, object] = {
        "seconds": command.seconds,
        "reason": command.reason.strip(),
        "t": now.clock_ms,
    }
    return [Draft("time_extended", command.actor, one.attempt_id, body) for one in chosen]


def sign_in(state: RoomState, command: c.SignInCandidate, now: Now) -> list[Draft]:
    """Tie a browser to an attempt; a second browser has to wait for the invigilator."""
    attempt = state.attempt(command.attempt_id)
    body: dict[str, object] = {"client": command.client_id, "token_hash": command.token_hash}
    drafts = [Draft("candidate_signed_in", command.actor, attempt.attempt_id, body)]
    if attempt.client_id in {None, command.client_id}:
        if attempt.client_id is None:
            drafts.append(_moved(attempt, command.client_id, actor=command.actor))
        running = state.sitting(attempt.sitting_id).state is SittingState.RUNNING
        if running and attempt.state is AttemptState.ADMITTED:
            drafts.append(beginning(attempt, actor=command.actor, now=now))
        return drafts
    asked: dict[str, object] = {"client": command.client_id}
    drafts.append(Draft("move_asked", command.actor, attempt.attempt_id, asked))
    return drafts


def _moved(attempt: Attempt, client_id: str | None, *, actor: str) -> Draft:
    body: dict[str, object] = {"client": client_id}
    return Draft("attempt_moved", actor, attempt.attempt_id, body)


def decide_move(state: RoomState, command: c.DecideMove, now: Now) -> list[Draft]:
    """Let the attempt move to the computer that asks, or keep it where it is."""
    attempt = state.attempt(command.attempt_id)
    if attempt.waiting_client_id is None:
        raise NoMoveAskedError
    if not command.allowed:
        return [Draft("move_denied", command.actor, attempt.attempt_id, {})]
    drafts = [_moved(attempt, attempt.waiting_client_id, actor=command.actor)]
    if state.sitting(attempt.sitting_id).state is SittingState.RUNNING and may_begin(attempt):
        drafts.append(beginning(attempt, actor=command.actor, now=now))
    return drafts


def free_workstation(state: RoomState, command: c.FreeWorkstation, now: Now) -> list[Draft]:
    """Let the attempt go from its computer; whoever waits, or shows the code next, has it."""
    attempt = state.attempt(command.attempt_id)
    if attempt.waiting_client_id is not None:
        return decide_move(state, c.DecideMove(command.actor, command.attempt_id, True), now)
    return [_moved(attempt, None, actor=command.actor)]


def ask_for_help(state: RoomState, command: c.AskForHelp, _now: Now) -> list[Draft]:
    """Raise a hand, or take it down."""
    attempt = state.attempt(command.attempt_id)
    if (attempt.help_asked_at_ms is not None) == command.wanted:
        return []
    kind = "help_asked" if command.wanted else "help_given"
    return [Draft(kind, command.actor, attempt.attempt_id, {})]
