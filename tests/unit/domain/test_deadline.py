"""What happens to a change around the deadline: saved, saved late, or kept aside; never dropped."""

from __future__ import annotations

import pytest

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.decide import decide
from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import ChangesMissingError, MovedAwayError
from appliance.domain.decide.room import RoomSessionSealedError
from appliance.domain.errors import ExamroomError
from appliance.domain.evolve import evolve
from appliance.domain.journal import Draft, chain_start, place
from appliance.domain.room import RoomSession, RoomState


class Room:
    """A room with one candidate of one minute, and a clock that the test sets."""

    def __init__(self, *, start: bool = True) -> None:
        self.state = RoomState(RoomSession("j"))
        self.clock_ms = 0
        self.seq = 0
        self.hash = chain_start("j")
        candidate = c.ExpectedCandidate("a", "a", "1", "A", "B", "X", "h", "1", ())
        self.do(c.OpenRoomSession("staff", "Room", practice=False))
        self.do(c.PlanSitting("staff", "s", "Exam", "p", 60, None, (candidate,)))
        self.do(c.LoadSitting("staff", "s", "00"))
        self.do(c.ReleaseSitting("staff", "s", "code"))
        self.do(c.SignInCandidate("candidate", "a", "k", "t"))
        self.do(c.CheckIn("staff", "a", "1"))
        if start:
            self.do(c.StartSitting("staff", "s"))

    def do(self, command: c.Command) -> list[Draft]:
        now = Now(0, self.clock_ms, self.clock_ms, "b", 1, self.seq, self.hash, lambda data: data)
        drafts = decide(self.state, command, now)
        for draft in drafts:
            self.seq += 1
            entry = place(draft, epoch=1, seq=self.seq, at_ms=0, previous=self.hash)
            self.hash = entry.hash
            evolve(self.state, entry, draft.body)
        return drafts

    def save(self, number: int, *, age_ms: int = 0, client: str = "k") -> Draft:
        change = Change(number, "response", "i", "R", f"text {number}", age_ms=age_ms)
        return self.do(c.SaveChanges("candidate", "a", client, (change,)))[0]


def test_change_in_time_is_simply_saved() -> None:
    """The ordinary case carries no mark."""
    room = Room()
    room.clock_ms = 30_000
    draft = room.save(1)
    assert "response_saved" == draft.kind
    assert "late" not in draft.body


def test_change_made_in_time_and_delivered_late_is_saved_and_marked() -> None:
    """An outage at the end costs nothing that was written before it."""
    room = Room()
    room.clock_ms = 63_000
    draft = room.save(1, age_ms=5_000)
    assert "response_saved" == draft.kind
    assert 1 == draft.body["late"]


def test_change_made_after_the_deadline_is_kept_aside() -> None:
    """It is not dropped: a person decides."""
    room = Room()
    room.clock_ms = 70_000
    draft = room.save(1)
    assert ("response_kept_aside", "after_deadline") == (draft.kind, draft.body["reason"])
    assert 1 == room.state.clients["a", "k"].acknowledged_change_no

    room.do(c.DecideKeptAside("staff", next(iter(room.state.kept_aside)), taken=True))
    assert "text 1" == room.state.responses["a", "i", "R"].value


def test_attempt_is_handed_in_when_its_time_is_up() -> None:
    """A little later than the last second, so that what is on its way arrives first."""
    room = Room()
    room.clock_ms = 62_000
    assert ["clock_ticked"] == [one.kind for one in room.do(c.Tick("box"))]
    room.clock_ms = 66_000
    assert "attempt_submitted" in [one.kind for one in room.do(c.Tick("box"))]


def test_late_delivery_after_hand_in_is_saved_when_it_was_made_before() -> None:
    """A browser that was cut off when the time ran out loses nothing."""
    room = Room()
    room.clock_ms = 66_000
    room.do(c.Tick("box"))
    room.clock_ms = 200_000
    assert "response_saved" == room.save(1, age_ms=150_000).kind
    assert "after_submission" == room.save(2, age_ms=10_000).body["reason"]


def test_hand_in_waits_until_everything_is_saved() -> None:
    """Nobody hands in less than they wrote."""
    room = Room()
    room.save(1)
    with pytest.raises(ChangesMissingError) as refused:
        room.do(c.SubmitAttempt("candidate", "a", "k", 2))
    assert 1 == refused.value.fields["acknowledged"]
    assert 1 == len(room.do(c.SubmitAttempt("candidate", "a", "k", 1)))
    assert [] == room.do(c.SubmitAttempt("candidate", "a", "k", 1))


def test_old_computer_cannot_hand_in_after_the_move() -> None:
    """Its unsent changes are welcome, its hand-in is not."""
    room = Room()
    room.do(c.SignInCandidate("candidate", "a", "other", "t2"))
    room.do(c.DecideMove("staff", "a", allowed=True))
    with pytest.raises(MovedAwayError):
        room.do(c.SubmitAttempt("candidate", "a", "k", 0))


def test_nothing_is_decided_when_the_room_is_sealed() -> None:
    """The signed record takes no more entries."""
    room = Room()
    room.do(c.EndSitting("staff", "s"))
    room.do(c.SealRoomSession("staff"))
    with pytest.raises(RoomSessionSealedError):
        room.save(1)


def test_everybody_gets_time_when_nobody_is_named() -> None:
    """Time for all reaches all who still write."""
    room = Room()
    room.do(c.ExtendTime("staff", "s", (), 120, "fire drill"))
    assert 180 == room.state.attempts["a"].account.allotted_seconds


@pytest.mark.parametrize("seconds", [0, 5 * 3600, -5 * 3600])
def test_unfit_extension_is_refused(seconds: int) -> None:
    """Nothing, or more than four hours, is a slip of the finger."""
    with pytest.raises(ExamroomError):
        Room().do(c.ExtendTime("staff", "s", (), seconds, ""))


def test_computer_nobody_approved_writes_nothing() -> None:
    """A code alone is not enough: what is written there waits for a person, before and after."""
    room = Room()
    room.do(c.SignInCandidate("candidate", "a", "stranger", "t2"))
    assert "not_approved" == room.save(1, client="stranger").body["reason"]
    room.do(c.SubmitAttempt("candidate", "a", "k", 0))
    assert "not_approved" == room.save(2, client="stranger").body["reason"]
    assert {} == room.state.responses


def test_old_computer_saves_late_what_it_wrote_before_the_move() -> None:
    """What nobody else wrote since is taken; what was written after hand-in is not."""
    room = Room()
    room.clock_ms = 10_000
    room.do(c.SignInCandidate("candidate", "a", "other", "t2"))
    room.do(c.DecideMove("staff", "a", allowed=True))
    assert 1 == room.save(1).body["late"]
    room.do(c.SubmitAttempt("candidate", "a", "other", 0))
    room.clock_ms = 50_000
    assert "after_submission" == room.save(2, age_ms=1_000).body["reason"]


def test_clock_counts_when_somebody_was_reopened_before_the_start() -> None:
    """Nobody has unlimited time, whatever order things were done in."""
    room = Room(start=False)
    room.do(c.ContinueOnPaper("staff", "a", "keyboard broken"))
    room.do(c.ReopenAttempt("staff", "chief_invigilator", "a", "mended"))
    room.do(c.StartSitting("staff", "s"))
    assert room.state.attempts["a"].account.counting_since_ms is not None


def test_last_checkpoint_covers_the_closing_entries() -> None:
    """What is signed at the end is everything but the seal itself."""
    room = Room()
    room.do(c.EndSitting("staff", "s"))
    room.do(c.CloseSittings("staff"))
    head = room.seq
    checkpoint, sealed = room.do(c.SealRoomSession("staff"))
    assert (head, "room_session_sealed") == (checkpoint.body["seq"], sealed.kind)
