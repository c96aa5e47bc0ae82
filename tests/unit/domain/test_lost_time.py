"""Lost time: measured on the account, proposed, decided once by a person, and on the record."""

from __future__ import annotations

import pytest

from appliance.domain import commands as c
from appliance.domain.decide.attempts import ExtensionUnfitError
from appliance.domain.decide.lost_time import (
    LostTimeDecidedError,
    LostTimeLastsError,
    LostTimeNotFoundError,
)
from appliance.domain.errors import ExamroomError
from appliance.domain.lost_time import LostTime, outages
from appliance.domain.states import AttemptMoveRefusedError
from appliance.domain.time_commands import DecideLostTime

from .test_deadline import Room


def _away(room: Room, *, noticed_ms: int, back_ms: int) -> LostTime:
    """Let the computer fall silent 5 s before that is noticed, and come back."""
    room.clock_ms = noticed_ms
    room.do(c.NoteContact("box", "a", lost=True, away_seconds=5))
    room.clock_ms = back_ms
    room.do(c.NoteContact("box", "a", lost=False, away_seconds=0, unsent_count=2))
    return list(room.state.lost_time.values())[-1]


def _decide(lost: LostTime, *, granted: bool = True, seconds: int | None = None) -> DecideLostTime:
    return DecideLostTime("K. Olsen", (lost.lost_id,), granted, seconds, "a cable")


def test_what_was_used_while_away_is_proposed_and_given_with_a_word() -> None:
    """The account went on; the proposal changes nothing before somebody grants it."""
    room = Room()
    lost = _away(room, noticed_ms=15_000, back_ms=30_000)
    account = room.state.attempt("a").account
    assert (lost.seconds, lost.unsent_count, lost.is_proposed) == (20, 2, True)
    assert account.allotted_seconds == 60

    drafts = room.do(_decide(lost))

    assert [one.kind for one in drafts] == ["lost_time_decided", "time_extended"]
    assert {one.actor for one in drafts} == {"K. Olsen"}
    assert room.state.attempt("a").account.allotted_seconds == 80
    assert (lost.decision, lost.granted_seconds, lost.reason) == ("granted", 20, "a cable")


def test_other_seconds_may_be_given_and_declining_gives_none() -> None:
    """The person in the room knows what the computer could still do."""
    room = Room()
    room.do(_decide(_away(room, noticed_ms=15_000, back_ms=20_000), seconds=7))
    room.do(_decide(_away(room, noticed_ms=30_000, back_ms=40_000), granted=False))

    assert room.state.attempt("a").extended_seconds == 7
    assert [one.decision for one in room.state.lost_time.values()] == ["granted", "declined"]


def test_nothing_is_lost_while_the_clock_stands() -> None:
    """A pause costs nobody time, so there is nothing to give back."""
    room = Room()
    room.clock_ms = 10_000
    room.do(c.PauseSitting("staff", "s", ""))
    lost = _away(room, noticed_ms=20_000, back_ms=50_000)

    assert (lost.seconds, lost.is_proposed) == (0, False)


def test_hand_in_ends_what_lasts() -> None:
    """A computer that never comes back has lost the time until the hand-in."""
    room = Room()
    room.clock_ms = 15_000
    room.do(c.NoteContact("box", "a", lost=True, away_seconds=5))
    room.clock_ms = 40_000
    room.do(c.EndSitting("staff", "s"))
    (lost,) = room.state.lost_time.values()

    assert lost.seconds == 30
    with pytest.raises(AttemptMoveRefusedError):
        room.do(_decide(lost))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"lost_ids": ("99",)}, LostTimeNotFoundError),
        ({"lost_ids": ()}, LostTimeNotFoundError),
        ({"seconds": 0}, ExtensionUnfitError),
        ({"seconds": 4 * 3600 + 1}, ExtensionUnfitError),
    ],
)
def test_unfit_decision_is_refused(change: dict[str, object], refusal: type[ExamroomError]) -> None:
    """Nobody is given time that was not lost, nor a whole day."""
    room = Room()
    lost = _away(room, noticed_ms=15_000, back_ms=30_000)
    values: dict[str, object] = {
        "actor": "staff",
        "lost_ids": (lost.lost_id,),
        "granted": True,
        "seconds": None,
        "reason": "",
    }
    with pytest.raises(refusal):
        room.do(DecideLostTime(**(values | change)))  # type: ignore[arg-type]


def test_decision_is_made_once_and_not_before_the_end() -> None:
    """Two invigilators who tap together give the time once."""
    room = Room()
    lost = _away(room, noticed_ms=15_000, back_ms=30_000)
    room.do(_decide(lost))
    with pytest.raises(LostTimeDecidedError):
        room.do(_decide(lost))
    room.do(c.NoteContact("box", "a", lost=True, away_seconds=0))
    with pytest.raises(LostTimeLastsError):
        room.do(_decide(list(room.state.lost_time.values())[-1]))


def _lost(number: int, began_ms: int, *, writing: int) -> LostTime:
    return LostTime(str(number), f"a{number}", 0, began_ms, 0, writing_count=writing)


@pytest.mark.parametrize(
    ("began", "writing", "expected"),
    [
        ([0, 10_000, 30_000], 50, [(3, True)]),  # three within half a minute
        ([0, 10_000, 30_001], 50, [(1, False), (1, False), (1, False)]),
        ([0, 10_000], 10, [(2, True)]),  # a fifth of a small room
        ([0, 10_000], 11, [(1, False), (1, False)]),
        ([0], 1, [(1, False)]),  # one computer alone is never the room
        ([0, 1, 2, 60_000], 50, [(3, True), (1, False)]),
    ],
)
def test_computers_that_fall_silent_together_are_one_outage_of_the_room(
    began: list[int], writing: int, expected: list[tuple[int, bool]]
) -> None:
    """A switch that fails is one thing to decide about, not thirty."""
    lost = [_lost(number, began_ms, writing=writing) for number, began_ms in enumerate(began)]
    found = [(len(one.lost), one.is_of_room) for one in outages(reversed(lost))]
    assert found == expected
