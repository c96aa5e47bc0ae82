"""Decisions about responses: what is saved, what is kept aside, what is handed in.

The rule is that nothing a candidate did is dropped.  A change is saved; or it is saved and marked
late, because it was made in time and delivered after; or it is kept aside for a person to decide.
DESIGN section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.decide.boxes import OTHER_BOX
from appliance.domain.decide.now import Now
from appliance.domain.decide.submitting import submission
from appliance.domain.errors import ConflictError, NotFoundError, RefusedError
from appliance.domain.evolve.responses import revised
from appliance.domain.journal import Draft
from appliance.domain.revisions import encode_revision
from appliance.domain.room import (
    Attempt,
    Client,
    CurrentResponse,
    ResponseKey,
    RoomState,
)
from appliance.domain.states import AttemptState

DEADLINE_TOLERANCE_MS = 2000
"""How much the clocks of a browser and the box may differ before a change counts as too late."""


class ClientUnknownError(RefusedError):
    """This browser is not signed in to that attempt."""

    key = "client_unknown"
    staff_message = "That computer is not signed in for this candidate."
    candidate_message = "Please enter your code again. Everything you wrote is still here."


class ChangesMissingError(ConflictError):
    """Handing in before everything is saved."""

    key = "changes_missing"
    staff_message = "Not everything has reached the box yet."
    candidate_message = "Your last words are still on their way. Handing in follows at once."


class MovedAwayError(RefusedError):
    """The attempt is written on another computer now."""

    key = "moved_away"
    staff_message = "This candidate writes on another computer now."
    candidate_message = "You are writing on another computer now. Please hand in there."


class KeptAsideNotFoundError(NotFoundError):
    """No such change is waiting for a decision."""

    key = "kept_aside_not_found"
    staff_message = "That change has been decided already."


@dataclass(frozen=True, slots=True)
class _Case:
    """The circumstances under which a browser's changes arrive."""

    attempt: Attempt
    client: Client
    now: Now


def save_changes(state: RoomState, command: c.SaveChanges, now: Now) -> list[Draft]:
    """Save the changes that follow what is acknowledged, in order, up to the first gap."""
    state.attempt(command.attempt_id)
    client = state.clients.get((command.attempt_id, command.client_id))
    if client is None:
        raise ClientUnknownError
    changes = sorted(command.changes, key=lambda one: one.change_no)
    next_no = _next_no(state, client, command.oldest_no)
    return save_in_order(state, client, changes, next_no=next_no, now=now)


def save_in_order(
    state: RoomState, client: Client, changes: Sequence[Change], *, next_no: int, now: Now
) -> list[Draft]:
    """Save changes, which are in order, from number `next_no` up to the first gap."""
    case = _Case(state.attempt(client.attempt_id), client, now)
    drafts: list[Draft] = []
    newest: dict[ResponseKey, CurrentResponse] = {}
    for change in changes:
        if change.change_no < next_no:
            continue
        if change.change_no > next_no:
            break
        if change.kind == "response":
            key = (client.attempt_id, change.item_id, change.response_id)
            previous = newest.get(key) or state.responses.get(key)
            draft = _response(case, change, previous)
            if draft.kind == "response_saved":
                seq = now.head_seq + len(drafts) + 1
                newest[key] = revised(previous, draft.body, seq=seq, at_ms=now.at_ms)
            drafts.append(draft)
            drafts += _settled(state, client, change)
        else:
            drafts.append(_mark(client, change))
        next_no += 1
    return drafts


def _next_no(state: RoomState, client: Client, oldest_no: int) -> int:
    """Return the number of the change that is taken next.

    In a room with several boxes a browser forgets what two of them have.  A box that took over
    without it goes on with what the browser still has; the rest comes from the box that has it.
    """
    next_no = client.acknowledged_change_no + 1
    return max(next_no, oldest_no) if len(state.boxes) > 1 else next_no


def _settled(state: RoomState, client: Client, change: Change) -> list[Draft]:
    """Leave what was kept aside from an overtaken box, once its page has sent the same change."""
    return [
        Draft(
            "kept_aside_decided",
            "box",
            client.attempt_id,
            {"kept_id": kept.kept_id, "decision": "left"},
        )
        for kept in state.kept_aside.values()
        if kept.decision is None
        and kept.reason == OTHER_BOX
        and (kept.attempt_id, kept.client_id, kept.change_no)
        == (client.attempt_id, client.client_id, change.change_no)
    ]


def _mark(client: Client, change: Change) -> Draft:
    body: dict[str, object] = {"c": change.change_no, "i": change.item_id, "k": client.client_id}
    if change.kind == "visit":
        return Draft("item_visited", "candidate", client.attempt_id, body)
    body["flagged"] = change.flagged
    return Draft("item_flagged", "candidate", client.attempt_id, body)


def _response(case: _Case, change: Change, previous: CurrentResponse | None) -> Draft:
    subject = case.attempt.attempt_id
    body: dict[str, object] = {
        "c": change.change_no,
        "i": change.item_id,
        "k": case.client.client_id,
        "r": change.response_id,
    }
    reason, late = _judge(case, change, previous)
    if reason is not None:
        body |= {"reason": reason, **encode_revision(None, change.value, splices_before=0)}
        return Draft("response_kept_aside", "candidate", subject, body)
    body |= revision_body(previous, change.value)
    if late:
        body["late"] = 1
    return Draft("response_saved", "candidate", subject, body)


def revision_body(previous: CurrentResponse | None, value: object) -> dict[str, object]:
    """Return revision number, link to the revision before, and the value as it is stored."""
    if previous is None:
        return {"n": 1, "p": 0, **encode_revision(None, value, splices_before=0)}
    return {
        "n": previous.revision_no + 1,
        "p": previous.seq,
        **encode_revision(previous.value, value, splices_before=previous.splice_count),
    }


def _judge(
    case: _Case, change: Change, previous: CurrentResponse | None
) -> tuple[str | None, bool]:
    """Return (reason to keep it aside or None, whether it is late)."""
    attempt, client, clock_ms = case.attempt, case.client, case.now.clock_ms
    made_ms = clock_ms - max(0, change.age_ms) - DEADLINE_TOLERANCE_MS
    elsewhere = attempt.client_id != client.client_id
    if not client.has_held:
        return "not_approved", False
    if elsewhere and previous is not None and previous.client_id != client.client_id:
        return "conflict", False
    if attempt.state in {AttemptState.WRITING, AttemptState.SUSPENDED}:
        if attempt.account.ran_out_before(made_ms):
            return "after_deadline", False
        over = attempt.account.ran_out_before(clock_ms - DEADLINE_TOLERANCE_MS)
        return None, elsewhere or over
    if attempt.state in {AttemptState.SUBMITTED, AttemptState.CLOSED}:
        in_time = made_ms <= (attempt.submitted_clock_ms or 0)
        return (None, True) if in_time else ("after_submission", False)
    return "not_writing", False


def decide_kept_aside(state: RoomState, command: c.DecideKeptAside, _now: Now) -> list[Draft]:
    """Take a change that was kept aside as the newest revision, or leave it."""
    kept = state.kept_aside.get(command.kept_id)
    if kept is None or kept.decision is not None:
        raise KeptAsideNotFoundError
    decision = "taken" if command.taken else "left"
    body: dict[str, object] = {"kept_id": kept.kept_id, "decision": decision}
    drafts = [Draft("kept_aside_decided", command.actor, kept.attempt_id, body)]
    if command.taken:
        previous = state.responses.get((kept.attempt_id, kept.item_id, kept.response_id))
        drafts.append(
            Draft(
                "response_saved",
                command.actor,
                kept.attempt_id,
                {
                    "c": 0,
                    "i": kept.item_id,
                    "k": kept.client_id,
                    "r": kept.response_id,
                    **revision_body(previous, kept.value),
                },
            )
        )
    return drafts


def bring_back_revision(state: RoomState, command: c.BringBackRevision, _now: Now) -> list[Draft]:
    """Save an earlier revision once more, as the newest."""
    attempt = state.attempt(command.attempt_id)
    previous = state.responses.get((attempt.attempt_id, command.item_id, command.response_id))
    body: dict[str, object] = {
        "c": 0,
        "i": command.item_id,
        "k": attempt.client_id or "",
        "r": command.response_id,
        "of": command.revision_no,
        **revision_body(previous, command.value),
    }
    return [Draft("response_saved", command.actor, attempt.attempt_id, body)]


def submit_attempt(state: RoomState, command: c.SubmitAttempt, now: Now) -> list[Draft]:
    """Hand in, once everything the browser has is saved.  Repeating it changes nothing."""
    attempt = state.attempt(command.attempt_id)
    if command.client_id is not None:
        client = state.clients.get((attempt.attempt_id, command.client_id))
        if client is None:
            raise ClientUnknownError
        if attempt.client_id != command.client_id:
            raise MovedAwayError
        if _next_no(state, client, command.oldest_no) <= command.last_change_no:
            raise ChangesMissingError(acknowledged=client.acknowledged_change_no)
    if attempt.state is AttemptState.SUBMITTED:
        return []
    return [submission(attempt, actor=command.actor, by="candidate", now=now)]
