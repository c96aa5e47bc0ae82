"""Decisions about a sitting: planned, loaded, released, running, paused, ended."""

from __future__ import annotations

from dataclasses import asdict

from appliance.domain import box_commands as b
from appliance.domain import commands as c
from appliance.domain.candidates import allotted_seconds
from appliance.domain.decide.now import Now
from appliance.domain.decide.submitting import submission
from appliance.domain.errors import ConflictError, RefusedError
from appliance.domain.journal import Draft
from appliance.domain.locked_browser import RequireLockedBrowser
from appliance.domain.room import Attempt, RoomState
from appliance.domain.states import (
    AttemptState,
    SittingState,
    require_sitting_move,
)


class SittingPlannedError(ConflictError):
    """This sitting is in the room session already."""

    key = "sitting_planned"
    staff_message = "{title} is in this room already."


class LockedBrowserTooLateError(RefusedError):
    """The exam has ended."""

    key = "locked_browser_too_late"
    staff_message = "{title} has ended: what browsers it asks for cannot change any more."


def plan_sitting(state: RoomState, command: c.PlanSitting, _now: Now) -> list[Draft]:
    """Put a sitting and its candidates into the room session."""
    if command.sitting_id in state.sittings:
        raise SittingPlannedError(title=command.title)
    drafts = [
        Draft(
            "sitting_created",
            command.actor,
            command.sitting_id,
            {
                "sitting_id": command.sitting_id,
                "title": command.title,
                "package_id": command.package_id,
                "duration_seconds": command.duration_seconds,
                "planned_start_at_ms": command.planned_start_at_ms,
            },
        )
    ]
    if command.conduct_basis:
        basis: dict[str, object] = {"basis": command.conduct_basis}
        drafts.append(Draft("conduct_turned_on", command.actor, command.sitting_id, basis))
    for candidate in command.candidates:
        drafts.append(
            attempt_created(
                candidate,
                actor=command.actor,
                sitting_id=command.sitting_id,
                duration_seconds=command.duration_seconds,
                declaration=None,
            )
        )
    return drafts


def attempt_created(
    candidate: c.ExpectedCandidate,
    *,
    actor: str,
    sitting_id: str,
    duration_seconds: int,
    declaration: str | None,
) -> Draft:
    """Return the draft that makes an attempt of a roster line or, with a declaration, a walk-in."""
    body: dict[str, object] = {
        "sitting_id": sitting_id,
        "candidate_id": candidate.candidate_id,
        "number": candidate.number,
        "given_name": candidate.given_name,
        "family_name": candidate.family_name,
        "anonymous_code": candidate.anonymous_code,
        "code_hash": candidate.code_hash,
        "seat": candidate.seat,
        "allotted_seconds": allotted_seconds(duration_seconds, candidate.accommodations),
        "accommodations": [
            [one.name, one.value, one.approved_by, one.approved_at]
            for one in candidate.accommodations
        ],
    }
    if declaration is not None:
        body["declaration"] = declaration
    return Draft("attempt_created", actor, candidate.attempt_id, body)


def load_sitting(state: RoomState, command: c.LoadSitting, _now: Now) -> list[Draft]:
    """Note that the package is here and intact."""
    require_sitting_move(state.sitting(command.sitting_id).state, SittingState.LOADED)
    body: dict[str, object] = {"package_sha256": command.package_sha256}
    return [Draft("package_loaded", command.actor, command.sitting_id, body)]


def release_sitting(state: RoomState, command: c.ReleaseSitting, _now: Now) -> list[Draft]:
    """Note that the exam was opened, by whom and which way."""
    require_sitting_move(state.sitting(command.sitting_id).state, SittingState.RELEASED)
    return [Draft("exam_released", command.actor, command.sitting_id, {"way": command.way})]


def open_exam_again(state: RoomState, command: b.OpenExamAgain, _now: Now) -> list[Draft]:
    """Note that a released exam was opened once more, by whom and which way."""
    sitting = state.sitting(command.sitting_id)
    if not sitting.state.is_open:
        require_sitting_move(sitting.state, SittingState.RELEASED)
    return [Draft("exam_opened_again", command.actor, command.sitting_id, {"way": command.way})]


def require_locked_browser(
    state: RoomState, command: RequireLockedBrowser, _now: Now
) -> list[Draft]:
    """Ask Safe Exam Browser of a sitting, or nothing.  What is written stays."""
    sitting = state.sitting(command.sitting_id)
    if sitting.state in {SittingState.ENDED, SittingState.SEALED}:
        raise LockedBrowserTooLateError(title=sitting.title)
    body: dict[str, object] = {"browser": "any"}
    if command.browser is not None:
        body = {"browser": "seb"} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(command.browser).items()
        }
    return [Draft("locked_browser_required", command.actor, sitting.sitting_id, body)]


def may_begin(attempt: Attempt) -> bool:
    """Say whether this attempt's clock should start: checked in, and at a computer."""
    return attempt.state is AttemptState.ADMITTED and attempt.client_id is not None


def beginning(attempt: Attempt, *, actor: str, now: Now) -> Draft:
    """Return the draft that starts one attempt's clock."""
    return Draft("attempt_started", actor, attempt.attempt_id, {"t": now.clock_ms})


def start_sitting(state: RoomState, command: c.StartSitting, now: Now) -> list[Draft]:
    """Start the exam.  Who is not ready yet starts on their own, with all their time."""
    require_sitting_move(state.sitting(command.sitting_id).state, SittingState.RUNNING)
    drafts = [_at_clock("sitting_started", command.actor, command.sitting_id, now)]
    for attempt in state.attempts_of(command.sitting_id):
        if may_begin(attempt):
            drafts.append(beginning(attempt, actor=command.actor, now=now))
    return drafts


def pause_sitting(state: RoomState, command: c.PauseSitting, now: Now) -> list[Draft]:
    """Stop the clocks of everybody in the sitting."""
    require_sitting_move(state.sitting(command.sitting_id).state, SittingState.PAUSED)
    body: dict[str, object] = {"t": now.clock_ms, "reason": command.reason}
    return [Draft("sitting_paused", command.actor, command.sitting_id, body)]


def resume_sitting(state: RoomState, command: c.ResumeSitting, now: Now) -> list[Draft]:
    """Let the clocks go on, and start whoever became ready in the meantime."""
    sitting = state.sitting(command.sitting_id)
    require_sitting_move(sitting.state, SittingState.RUNNING)
    drafts = [_at_clock("sitting_resumed", command.actor, command.sitting_id, now)]
    for attempt in state.attempts_of(command.sitting_id):
        if may_begin(attempt):
            drafts.append(beginning(attempt, actor=command.actor, now=now))
    return drafts


def end_sitting(state: RoomState, command: c.EndSitting, now: Now) -> list[Draft]:
    """Hand in everybody who still writes, then end the sitting."""
    require_sitting_move(state.sitting(command.sitting_id).state, SittingState.ENDED)
    drafts = [
        submission(attempt, actor=command.actor, by="end", now=now)
        for attempt in state.attempts_of(command.sitting_id)
        if attempt.state in {AttemptState.WRITING, AttemptState.SUSPENDED}
    ]
    drafts.append(_at_clock("sitting_ended", command.actor, command.sitting_id, now))
    return drafts


def _at_clock(kind: str, actor: str, subject: str, now: Now) -> Draft:
    return Draft(kind, actor, subject, {"t": now.clock_ms})
