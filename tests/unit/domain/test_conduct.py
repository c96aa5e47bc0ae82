"""What is noted of how candidates behave: nothing, unless their exam has it noted."""

from __future__ import annotations

import pytest

from appliance.domain import commands as c
from appliance.domain.conduct import BlockedKeys, NoteBlockedKeys
from appliance.domain.decide import decide
from appliance.domain.decide.now import Now
from appliance.domain.evolve import evolve
from appliance.domain.journal import Draft, chain_start, place
from appliance.domain.rights import RIGHTS, Right, Role
from appliance.domain.room import RoomSession, RoomState

BASIS = "Section 7 of the rules of the school"


class Room:
    """A room in which one candidate writes."""

    def __init__(self, basis: str = BASIS) -> None:
        self.state = RoomState(RoomSession("j"))
        self.seq = 0
        candidate = c.ExpectedCandidate("a", "a", "1", "A", "B", "X", "h", "1", ())
        self.do(c.OpenRoomSession("staff", "Room", practice=False))
        self.do(c.PlanSitting("staff", "s", "Exam", "p", 60, None, (candidate,), basis))
        self.do(c.LoadSitting("staff", "s", "00"))
        self.do(c.ReleaseSitting("staff", "s", "code"))

    def begin(self) -> None:
        """Let the candidate write."""
        self.do(c.SignInCandidate("candidate", "a", "k", "t"))
        self.do(c.CheckIn("staff", "a", "1"))
        self.do(c.StartSitting("staff", "s"))

    def do(self, command: c.Command) -> list[Draft]:
        now = Now(0, 0, 0, "b", 1, self.seq, chain_start("j"), lambda data: data)
        drafts = decide(self.state, command, now)
        for draft in drafts:
            self.seq += 1
            entry = place(draft, epoch=1, seq=self.seq, at_ms=0, previous=chain_start("j"))
            evolve(self.state, entry, draft.body)
        return drafts

    def report(self, count: int, workstation: str = "desk0001") -> int | None:
        """Report, and return what an entry says there is in all; None without one."""
        drafts = self.do(NoteBlockedKeys("box", "a", workstation, count))
        return None if not drafts else int(str(drafts[0].body["blocked_count"]))


def test_exam_with_a_basis_says_so_on_the_record() -> None:
    """The basis is what candidates are told, so it is there to be read afterwards."""
    room = Room()
    assert {"s": BASIS} == room.state.conduct_bases
    assert {} == Room(basis="").state.conduct_bases


def test_nothing_is_noted_without_a_basis() -> None:
    """Off is the way it is unless an exam says otherwise."""
    room = Room(basis="")
    room.begin()
    assert room.report(3) is None
    assert {} == room.state.blocked_keys


def test_nothing_is_noted_before_a_candidate_begins_and_the_last_number_after_hand_in() -> None:
    """What somebody did at a computer before is nobody's business."""
    room = Room()
    assert room.report(3) is None
    room.begin()
    room.do(c.EndSitting("staff", "s"))
    assert 3 == room.report(3)


def test_only_growth_is_an_entry() -> None:
    """A computer says the same number every five seconds."""
    room = Room()
    room.begin()
    assert [1, None, 4, None] == [room.report(count) for count in (1, 1, 4, 0)]
    assert BlockedKeys(4, "desk0001", 4) == room.state.blocked_keys["a"]


@pytest.mark.parametrize(
    ("workstation", "count", "in_all"),
    [("desk0001", 7, 7), ("desk0001", 2, 7), ("desk0002", 7, 12), ("desk0002", 2, 7)],
)
def test_number_that_fell_or_of_another_computer_was_counted_from_nothing(
    workstation: str, count: int, in_all: int
) -> None:
    """After five at the first computer: it goes on, was started anew, or is another one."""
    before = BlockedKeys().with_reported("desk0001", 5)
    assert in_all == before.with_reported(workstation, count).count


def test_those_who_run_the_room_see_conduct_and_technicians_do_not() -> None:
    """Technicians see health."""
    assert {Role.INVIGILATOR, Role.CHIEF_INVIGILATOR} == {
        role for role in Role if Right.SEE_CONDUCT in RIGHTS[role]
    }
