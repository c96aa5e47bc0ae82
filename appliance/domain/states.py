"""States of a sitting and of an attempt, and the moves between them, as data.

The diagrams in docs/states.md are generated from these tables.  An illegal move is refused with a
sentence; DESIGN section 7 is the source of both tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from appliance.domain.errors import RefusedError


class SittingState(StrEnum):
    """Where one exam of one room session stands."""

    PLANNED = "planned"
    LOADED = "loaded"
    RELEASED = "released"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    SEALED = "sealed"

    @property
    def is_open(self) -> bool:
        """Say whether the exam has been released and has not ended."""
        return self in {SittingState.RELEASED, SittingState.RUNNING, SittingState.PAUSED}


class AttemptState(StrEnum):
    """Where one candidate's go at one exam stands."""

    EXPECTED = "expected"
    ADMITTED = "admitted"
    WRITING = "writing"
    SUSPENDED = "suspended"
    SUBMITTED = "submitted"
    CLOSED = "closed"
    ABSENT = "absent"
    ON_PAPER = "on_paper"


class SittingMoveRefusedError(RefusedError):
    """The sitting cannot go there from where it is."""

    key = "sitting_move_refused"
    staff_message = "This exam is {state} in this room, so it cannot become {wanted} now."


class AttemptMoveRefusedError(RefusedError):
    """The attempt cannot go there from where it is."""

    key = "attempt_move_refused"
    staff_message = "This candidate is {state}, so that is not possible now."
    candidate_message = "That is not possible now. Please ask the invigilator."


SITTING_MOVES: Mapping[SittingState, frozenset[SittingState]] = MappingProxyType(
    {
        SittingState.PLANNED: frozenset({SittingState.LOADED}),
        SittingState.LOADED: frozenset({SittingState.RELEASED}),
        SittingState.RELEASED: frozenset({SittingState.RUNNING}),
        SittingState.RUNNING: frozenset({SittingState.PAUSED, SittingState.ENDED}),
        SittingState.PAUSED: frozenset({SittingState.RUNNING, SittingState.ENDED}),
        SittingState.ENDED: frozenset({SittingState.SEALED}),
        SittingState.SEALED: frozenset(),
    }
)

ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = MappingProxyType(
    {
        AttemptState.EXPECTED: frozenset(
            {AttemptState.ADMITTED, AttemptState.ABSENT, AttemptState.ON_PAPER}
        ),
        AttemptState.ADMITTED: frozenset(
            {
                AttemptState.WRITING,
                AttemptState.EXPECTED,
                AttemptState.ABSENT,
                AttemptState.ON_PAPER,
            }
        ),
        AttemptState.WRITING: frozenset(
            {AttemptState.SUSPENDED, AttemptState.SUBMITTED, AttemptState.ON_PAPER}
        ),
        AttemptState.SUSPENDED: frozenset(
            {AttemptState.WRITING, AttemptState.SUBMITTED, AttemptState.ON_PAPER}
        ),
        AttemptState.SUBMITTED: frozenset({AttemptState.CLOSED, AttemptState.WRITING}),
        AttemptState.CLOSED: frozenset({AttemptState.WRITING}),
        AttemptState.ABSENT: frozenset({AttemptState.ADMITTED}),
        AttemptState.ON_PAPER: frozenset({AttemptState.CLOSED, AttemptState.WRITING}),
    }
)


def require_sitting_move(state: SittingState, wanted: SittingState) -> None:
    """Raise SittingMoveRefusedError unless a sitting may go from `state` to `wanted`."""
    if wanted not in SITTING_MOVES[state]:
        raise SittingMoveRefusedError(state=state.value, wanted=wanted.value)


def require_attempt_move(state: AttemptState, wanted: AttemptState) -> None:
    """Raise AttemptMoveRefusedError unless an attempt may go from `state` to `wanted`."""
    if wanted not in ATTEMPT_MOVES[state]:
        raise AttemptMoveRefusedError(state=state.value, wanted=wanted.value)
