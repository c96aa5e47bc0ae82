"""Who counts blocked keys for whom, and how much of it goes on the record; over a real journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.domain import commands as c
from appliance.platform.clock import SystemClock
from appliance.services.note_conduct import NOTED_EVERY_MS, ConductNotes, count_name
from appliance.services.presence import Contact, Presence
from appliance.services.workstations import Report, Workstations
from appliance.storage.journal_writer import JournalWriter
from appliance.storage.journals import Journal, all_entries, create_journal
from tests.rig.fixed_clock import FixedClock

KEY = bytes(range(32))
ROUND_MS = 5000
DESK = "desk0001"
WELL = Report(kind="kiosk", version="1", name="desk-1")


@dataclass
class Room:
    """Two candidates write, one in an exam that has conduct noted, one in another."""

    writer: JournalWriter
    journal: Journal
    notes: ConductNotes = field(default_factory=ConductNotes)
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.presence = Presence()
        room = SimpleNamespace(presence=self.presence, writer=self.writer)
        self.box: Any = SimpleNamespace(room=room, clock=self.clock, workstations=Workstations())

    def sits(self, attempt_id: str, desk: str = DESK, *, client: str = "") -> None:
        """The page of an attempt speaks from a computer."""
        contact = Contact(self.clock.now_ms, client or f"k-{attempt_id}", workstation_id=desk)
        self.presence.heard(attempt_id, contact)

    def reports(self, count: int, *, name: str, desk: str = DESK) -> str:
        """Report a count under a name; return the name that the answer gives."""
        told = Report("kiosk", "1", desk, conduct=name, blocked_keys_count=count)
        heard = self.box.workstations.heard(desk, told, address="", now_ms=self.clock.now_ms)
        return str(heard.conduct)

    def goes_round(self, times: int = 1) -> None:
        """The box looks after everything once or several times."""
        for _ in range(times):
            self.clock.now_ms += ROUND_MS
            self.notes.look(self.box)

    def noted(self) -> list[tuple[str, object]]:
        """Return what is on the record: attempts and how many keys in all."""
        return [
            (one.subject, one.decoded_body()["blocked_count"])
            for one in all_entries(self.journal.database)
            if one.kind == "keys_blocked"
        ]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Return the room."""
    journal = create_journal(tmp_path / "j.db", KEY, "journal")
    writer = JournalWriter(
        journal, clock=SystemClock(), boot_id="boot", sign=lambda data: data[:64]
    )
    writer.start()
    writer.write(c.OpenRoomSession("staff", "Room", practice=False))
    for sitting, basis, names in (("noted", "A rule", ("a", "b")), ("other", "", ("c",))):
        people = tuple(
            c.ExpectedCandidate(name, name, name, "A", "B", "X", name, name, ()) for name in names
        )
        writer.write(c.PlanSitting("staff", sitting, sitting, "p", 3600, None, people, basis))
        writer.write(c.LoadSitting("staff", sitting, "00"))
        writer.write(c.ReleaseSitting("staff", sitting, "code"))
        writer.write(c.StartSitting("staff", sitting))
    for name in ("a", "b", "c"):
        writer.write(c.SignInCandidate("candidate", name, f"k-{name}", f"t-{name}"))
        writer.write(c.CheckIn("staff", name, name))
    yield Room(writer, journal)
    writer.stop()


def test_only_the_computer_of_an_exam_that_has_it_noted_is_asked(room: Room) -> None:
    """In the same room others write another exam, and nothing of them is asked or kept."""
    room.sits("a")
    room.sits("c", "desk0002")
    for desk in (DESK, "desk0002", "desk0003"):
        room.reports(9, name=count_name("a"), desk=desk)
    assert {} == room.box.workstations.blocked_keys()
    room.goes_round()
    names = [room.reports(0, name="", desk=desk) for desk in (DESK, "desk0002", "desk0003")]
    assert [count_name("a"), "", ""] == names
    room.reports(9, name=count_name("a"))
    room.reports(9, name=count_name("a"), desk="desk0002")
    assert {DESK: 9} == room.box.workstations.blocked_keys()


def test_attempt_gets_an_entry_a_minute_however_often_its_computer_reports(room: Room) -> None:
    """Anybody can report in a computer's name, and the journal is for responses."""
    room.sits("a")
    room.reports(0, name="")
    room.goes_round()
    for count in range(1, 61):
        room.reports(count, name=count_name("a"))
        room.goes_round()
    minutes = 60 * ROUND_MS // NOTED_EVERY_MS
    assert minutes == len(room.noted())
    assert ("a", 1) == room.noted()[0]
    # What came since is not lost.
    room.goes_round(NOTED_EVERY_MS // ROUND_MS)
    assert ("a", 60) == room.noted()[-1]
    room.goes_round(NOTED_EVERY_MS // ROUND_MS)
    assert minutes + 1 == len(room.noted())


def test_last_number_is_noted_when_the_candidate_hands_in(room: Room) -> None:
    """The minute is not over, and the exam is."""
    room.sits("a")
    room.reports(0, name="")
    room.goes_round()
    room.reports(1, name=count_name("a"))
    room.goes_round()
    room.reports(5, name=count_name("a"))
    room.writer.write(c.SubmitAttempt("candidate", "a", "k-a", 0))
    room.presence.forget("a")
    room.goes_round()
    assert [("a", 1), ("a", 5)] == room.noted()
    assert "" == room.reports(8, name=count_name("a"))
    room.goes_round(NOTED_EVERY_MS // ROUND_MS)
    assert [("a", 1), ("a", 5)] == room.noted()


def test_keys_of_one_candidate_never_come_to_stand_beside_the_next(room: Room) -> None:
    """The report that is under way when another sits down is about the one before."""
    room.sits("a")
    room.reports(0, name="")
    room.goes_round()
    room.reports(4, name=count_name("a"))
    room.clock.now_ms += 1
    room.sits("b")
    room.goes_round()
    assert count_name("b") == room.reports(6, name=count_name("a"))
    room.goes_round(NOTED_EVERY_MS // ROUND_MS + 1)
    assert [("a", 4)] == room.noted()
    room.reports(1, name=count_name("b"))
    room.goes_round()
    assert [("a", 4), ("b", 1)] == room.noted()


def test_computer_that_only_asks_for_the_attempt_does_not_count_for_it(room: Room) -> None:
    """Somebody may try a code that is not theirs; that computer is not where it is written."""
    room.sits("a", client="k-other")
    room.reports(0, name="")
    room.goes_round()
    assert "" == room.reports(0, name="")


def test_nobody_counts_when_the_room_is_closed(room: Room) -> None:
    """Also a number that is in memory is forgotten."""
    room.sits("a")
    room.reports(0, name="")
    room.goes_round()
    room.reports(4, name=count_name("a"))
    assert {DESK: 4} == room.box.workstations.blocked_keys()
    room.box.room = None
    room.goes_round()
    assert {} == room.box.workstations.blocked_keys()
    assert "" == room.reports(4, name=count_name("a"))
    assert {} == room.box.workstations.blocked_keys()


def test_name_does_not_tell_the_attempt() -> None:
    """It is told to anybody who reports in the computer's name."""
    assert "a1b2c3" not in count_name("a1b2c3")
    assert count_name("a1b2c3") != count_name("a1b2c4")
    assert 16 == len(count_name("a1b2c3"))
