"""A room session under any sequence of commands: the promises hold after every step."""

from __future__ import annotations

import copy
import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.decide import decide
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError
from appliance.domain.evolve import evolve
from appliance.domain.journal import Entry, chain_start, place, verify_chain
from appliance.domain.room import RoomSession, RoomState
from appliance.domain.states import ATTEMPT_MOVES, SITTING_MOVES, AttemptState, SittingState
from appliance.domain.time_commands import DecideLostTime

ATTEMPTS = ("a0", "a1", "a2")
CLIENTS = ("k0", "k1")
attempts = st.sampled_from(ATTEMPTS)
clients = st.sampled_from(CLIENTS)


def _candidate(attempt_id: str) -> c.ExpectedCandidate:
    return c.ExpectedCandidate(attempt_id, attempt_id, "1", "A", "B", "X", "hash", None, ())


class Room(RuleBasedStateMachine):
    """Commands at random; `written` remembers what each browser was told is saved."""

    def __init__(self) -> None:
        super().__init__()
        self.state = RoomState(RoomSession("journal"))
        self.entries: list[Entry] = []
        self.clock_ms = 0
        self.next_no: dict[tuple[str, str], int] = {}
        self.told: dict[tuple[str, str], int] = {}
        self.texts = itertools.count()

    def _do(self, command: c.Command) -> bool:
        head = self.entries[-1].hash if self.entries else chain_start("journal")
        now = Now(
            at_ms=1_000_000 + self.clock_ms,
            clock_ms=self.clock_ms,
            monotonic_ms=self.clock_ms,
            boot_id="boot",
            epoch=1,
            head_seq=len(self.entries),
            head_hash=head,
            sign=lambda data: data[:8],
        )
        before = copy.deepcopy(self.state)
        try:
            drafts = decide(self.state, command, now)
        except ExamroomError:
            assert before == self.state, "a refusal changed something"
            return False
        assert before == self.state, "deciding changed something"
        for draft in drafts:
            entry = place(draft, epoch=1, seq=len(self.entries) + 1, at_ms=now.at_ms, previous=head)
            head = entry.hash
            self.entries.append(entry)
            evolve(self.state, entry, entry.decoded_body())
        return True

    @initialize()
    def open(self) -> None:
        """Open the room with one released sitting."""
        self._do(c.OpenRoomSession("staff", "Room", practice=False))
        self._do(
            c.PlanSitting("staff", "s", "Exam", "p", 60, None, tuple(map(_candidate, ATTEMPTS)))
        )
        self._do(c.LoadSitting("staff", "s", "00"))
        self._do(c.ReleaseSitting("staff", "s", "code"))

    @rule(milliseconds=st.integers(0, 20_000))
    def time_passes(self, milliseconds: int) -> None:
        """The room clock goes on, and ticks."""
        self.clock_ms += milliseconds
        self._do(c.Tick("box"))

    @rule(attempt=attempts, client=clients)
    def sign_in(self, attempt: str, client: str) -> None:
        """A browser shows the code."""
        self._do(c.SignInCandidate("candidate", attempt, client, "token"))

    @rule(attempt=attempts, kind=st.integers(0, 11))
    def staff_acts(self, attempt: str, kind: int) -> None:
        """Staff do something about one candidate."""
        commands: list[c.Command] = [
            c.CheckIn("staff", attempt, None),
            c.UndoCheckIn("staff", attempt),
            c.MarkAbsent("staff", attempt),
            c.ContinueOnPaper("staff", attempt, "asked for it"),
            c.SuspendAttempt("staff", attempt, ""),
            c.ResumeAttempt("staff", attempt),
            c.ReopenAttempt("staff", "chief_invigilator", attempt, "by mistake"),
            c.ExtendTime("staff", "s", (attempt,), 30, ""),
            c.DecideMove("staff", attempt, allowed=True),
            c.DecideMove("staff", attempt, allowed=False),
            c.FreeWorkstation("staff", attempt),
            c.AskForHelp("candidate", attempt, wanted=True),
        ]
        self._do(commands[kind])

    @rule(kind=st.integers(0, 4))
    def room_acts(self, kind: int) -> None:
        """Staff do something about the whole sitting."""
        commands: list[c.Command] = [
            c.StartSitting("staff", "s"),
            c.PauseSitting("staff", "s", ""),
            c.ResumeSitting("staff", "s"),
            c.EndSitting("staff", "s"),
            c.NoteRestart("box", 7, exact=True),
        ]
        self._do(commands[kind])

    @rule(attempt=attempts, lost=st.booleans(), away_seconds=st.integers(0, 30))
    def contact(self, attempt: str, lost: bool, away_seconds: int) -> None:
        """A computer goes silent, or is back."""
        self._do(c.NoteContact("box", attempt, lost, away_seconds, unsent_count=1))

    @rule(granted=st.booleans(), seconds=st.none() | st.integers(1, 90))
    def decide_about_lost_time(self, granted: bool, seconds: int | None) -> None:
        """Staff give lost time back, or do not."""
        proposed = tuple(one.lost_id for one in self.state.lost_time.values() if one.is_proposed)
        self._do(DecideLostTime("staff", proposed[:2], granted, seconds, "a switch"))

    @rule(
        attempt=attempts,
        client=clients,
        age_ms=st.integers(0, 90_000),
        again=st.booleans(),
        gap=st.booleans(),
    )
    def save(self, attempt: str, client: str, age_ms: int, again: bool, gap: bool) -> None:
        """A browser sends a change, perhaps once more, perhaps too far ahead."""
        key = (attempt, client)
        number = self.next_no.get(key, 1) + (3 if gap else 0)
        change = Change(number, "response", "item", "R", f"text {next(self.texts)}", age_ms=age_ms)
        sends = 2 if again else 1
        for _ in range(sends):
            if self._do(c.SaveChanges("candidate", attempt, client, (change,))):
                acknowledged = self.state.clients[key].acknowledged_change_no
                assert not gap or acknowledged < number
                self.told[key] = max(self.told.get(key, 0), acknowledged)
                self.next_no[key] = acknowledged + 1

    @rule(attempt=attempts, client=clients)
    def hand_in(self, attempt: str, client: str) -> None:
        """A browser hands in."""
        self._do(c.SubmitAttempt("candidate", attempt, client, self.told.get((attempt, client), 0)))

    @invariant()
    def chain_verifies(self) -> None:
        """The whole record is one unbroken chain."""
        verify_chain(self.entries, previous=chain_start("journal"), after_seq=0)

    @invariant()
    def rebuilt_equals_live(self) -> None:
        """Evolving all entries again gives the same state."""
        rebuilt = RoomState(RoomSession("journal"))
        for entry in self.entries:
            evolve(rebuilt, entry, entry.decoded_body())
        rebuilt.touched = set(self.state.touched)
        assert self.state == rebuilt

    @invariant()
    def every_acknowledged_change_is_on_the_record_once(self) -> None:
        """What was told saved is saved or kept aside: exactly once, never dropped."""
        seen: dict[tuple[str, str], list[int]] = {}
        for entry in self.entries:
            body = entry.decoded_body()
            if entry.kind in {"response_saved", "response_kept_aside"}:
                number = body["c"]
                assert isinstance(number, int)
                seen.setdefault((entry.subject, str(body["k"])), []).append(number)
        for key, last in self.told.items():
            assert list(range(1, last + 1)) == seen.get(key, [])

    @invariant()
    def time_given_back_is_on_the_record_once(self) -> None:
        """Each stretch is decided at most once, and only what was used can be proposed."""
        decided = [
            entry.decoded_body()["lost_id"]
            for entry in self.entries
            if entry.kind == "lost_time_decided"
        ]
        assert len(decided) == len(set(decided))
        for lost in self.state.lost_time.values():
            assert (lost.lost_id in decided) == (lost.decision is not None)
            assert (lost.seconds or 0) * 1000 <= self.clock_ms

    @invariant()
    def time_is_never_used_up_without_writing(self) -> None:
        """Nobody uses more time than the room clock has run, and only in a running sitting."""
        running = any(one.state is SittingState.RUNNING for one in self.state.sittings.values())
        for one in self.state.attempts.values():
            assert one.account.used_at(self.clock_ms) <= self.clock_ms
            counting = one.account.counting_since_ms is not None
            assert not counting or (running and one.state is AttemptState.WRITING)


TestRoom = Room.TestCase
TestRoom.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_every_state_can_be_left_or_is_an_end() -> None:
    """The tables name every state; only sealed is final for a sitting."""
    assert set(SittingState) == set(SITTING_MOVES)
    assert set(AttemptState) == set(ATTEMPT_MOVES)
    ends = [state for state, moves in SITTING_MOVES.items() if not moves]
    assert [SittingState.SEALED] == ends
    assert AttemptState.WRITING in ATTEMPT_MOVES[AttemptState.SUBMITTED]
