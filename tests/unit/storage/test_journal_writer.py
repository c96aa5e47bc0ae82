"""The writer: group commit on a real SQLCipher file, full disks, restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.conduct import NoteBlockedKeys
from appliance.domain.states import SittingMoveRefusedError
from appliance.platform.clock import SystemClock
from appliance.storage import journal_writer
from appliance.storage.driver_errors import DiskFullError
from appliance.storage.journal_writer import JournalWriter, WriterStoppedError
from appliance.storage.journals import (
    Journal,
    create_journal,
    open_journal,
    rebuild_projections,
    verify_journal,
)
from appliance.storage.projections import load_state

KEY = bytes(range(32))
COUNT = 20


def _writer(journal: Journal) -> JournalWriter:
    writer = JournalWriter(
        journal, clock=SystemClock(), boot_id="boot", sign=lambda data: data[:64]
    )
    writer.start()
    return writer


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[JournalWriter, Journal]]:
    """Return a writer of a room in which twenty candidates write."""
    journal = create_journal(tmp_path / "j.db", KEY, "journal")
    writer = _writer(journal)
    writer.write(c.OpenRoomSession("staff", "Room", practice=False))
    candidates = tuple(
        c.ExpectedCandidate(f"a{n}", f"a{n}", str(n), "A", "B", "X", f"h{n}", None, ())
        for n in range(COUNT)
    )
    writer.write(c.PlanSitting("staff", "s", "Exam", "p", 3600, None, candidates))
    writer.write(c.LoadSitting("staff", "s", "00"))
    writer.write(c.ReleaseSitting("staff", "s", "code"))
    for n in range(COUNT):
        writer.write(c.SignInCandidate("candidate", f"a{n}", f"k{n}", f"t{n}"))
        writer.write(c.CheckIn("staff", f"a{n}", str(n)))
    writer.write(c.StartSitting("staff", "s"))
    yield writer, journal
    if not writer._stopped:
        writer.stop()


def _save(number: int, value: str = "text") -> tuple[Change, ...]:
    return (Change(number, "response", "item", "R", f"{value} {number}"),)


def test_rebuilt_projections_equal_the_live_ones(
    room: tuple[JournalWriter, Journal],
) -> None:
    """Everything the tables say follows from the entries."""
    writer, journal = room

    def write(n: int) -> None:
        for number in range(1, 31):
            writer.write(c.SaveChanges("candidate", f"a{n}", f"k{n}", _save(number)))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.write(c.ExtendTime("staff", "s", (), 60, "late bus"))
    writer.write(c.SendMessage("staff", "m1", "s", None, "Hello"))
    writer.write(c.WriteIrregularity("staff", "i1", "a1", "A loud noise"))
    writer.write(c.Checkpoint("box"))
    writer.stop()

    opened = open_journal(journal.path, KEY, "journal")
    assert opened.head_seq == verify_journal(opened)
    live = load_state(opened.database, "journal")
    rebuilt = rebuild_projections(opened)
    live_responses, live.responses = dict(live.responses), {}
    rebuilt_responses, rebuilt.responses = dict(rebuilt.responses), {}
    assert COUNT == len(live_responses)
    assert live_responses == rebuilt_responses
    assert live == rebuilt


def test_conduct_is_known_again_when_a_journal_is_opened_and_rebuilt(tmp_path: Path) -> None:
    """It has no table, so it is read from the newest entry of each candidate and exam."""
    journal = create_journal(tmp_path / "j.db", KEY, "journal")
    writer = _writer(journal)
    writer.write(c.OpenRoomSession("staff", "Room", practice=False))
    people = tuple(
        c.ExpectedCandidate(f"a{n}", f"a{n}", str(n), "A", "B", "X", f"h{n}", None, ())
        for n in range(2)
    )
    writer.write(c.PlanSitting("staff", "s", "Exam", "p", 3600, None, people, "A rule"))
    writer.write(c.PlanSitting("staff", "other", "Other", "q", 3600, None, ()))
    writer.write(c.LoadSitting("staff", "s", "00"))
    writer.write(c.ReleaseSitting("staff", "s", "code"))
    writer.write(c.StartSitting("staff", "s"))
    for n in range(2):
        writer.write(c.SignInCandidate("candidate", f"a{n}", f"k{n}", f"t{n}"))
        writer.write(c.CheckIn("staff", f"a{n}", str(n)))
        for count in (1, 4 + n):
            writer.write(NoteBlockedKeys("box", f"a{n}", f"desk{n}", count))
    writer.stop()

    opened = open_journal(journal.path, KEY, "journal")
    live = load_state(opened.database, "journal")
    assert {"s": "A rule"} == live.conduct_bases
    assert {"a0": 4, "a1": 5} == {name: one.count for name, one in live.blocked_keys.items()}
    rebuilt = rebuild_projections(opened)
    assert (live.conduct_bases, live.blocked_keys) == (rebuilt.conduct_bases, rebuilt.blocked_keys)


def test_refusal_reaches_the_one_who_asked_and_changes_nothing(
    room: tuple[JournalWriter, Journal],
) -> None:
    """A refused command leaves no entry behind."""
    writer, journal = room
    head = journal.head_seq
    with pytest.raises(SittingMoveRefusedError):
        writer.write(c.StartSitting("staff", "s"))
    assert head == journal.head_seq


def _save_until_the_disk_is_full(writer: JournalWriter) -> int:
    """Return the number of the first change that was refused."""
    for number in range(1, 500):
        command = c.SaveChanges("candidate", "a0", "k0", _save(number, "word " * 800))
        try:
            writer.write(command)
        except DiskFullError:
            return number
    raise AssertionError("the disk never filled up")


def test_full_disk_refuses_saves_and_goes_on_when_there_is_room(
    room: tuple[JournalWriter, Journal],
) -> None:
    """Nothing is acknowledged that is not on the disk; no restart is needed afterwards."""
    writer, journal = room
    pages = journal.database.conn.execute("PRAGMA page_count").fetchone()[0]
    journal.database.conn.execute(f"PRAGMA max_page_count = {pages + 2}")
    refused = _save_until_the_disk_is_full(writer)
    acknowledged = writer.look(lambda state, _now: state.clients["a0", "k0"].acknowledged_change_no)
    assert refused - 1 == acknowledged

    journal.database.conn.execute("PRAGMA max_page_count = 1000000")
    writer.write(c.SaveChanges("candidate", "a0", "k0", _save(refused)))
    acknowledged = writer.look(lambda state, _now: state.clients["a0", "k0"].acknowledged_change_no)
    assert refused == acknowledged
    writer.stop()
    opened = open_journal(journal.path, KEY, "journal")
    assert opened.head_seq == verify_journal(opened)


def test_room_clock_goes_on_where_it_was_after_a_restart(
    room: tuple[JournalWriter, Journal],
) -> None:
    """What was ticked is kept; the time between is not counted."""
    writer, journal = room
    writer.write(c.Tick("box"))
    before = writer.look(lambda _state, now: now.clock_ms)
    writer.stop()
    again = _writer(open_journal(journal.path, KEY, "journal"))
    after = again.look(lambda _state, now: now.clock_ms)
    again.stop()

    # Less than a tick may be given back; no time in between is added.
    assert abs(after - before) < 5_000


def test_nobody_waits_for_a_writer_that_has_just_ended(
    room: tuple[JournalWriter, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes while it ends is refused at once: behind the end nothing would be answered."""
    writer, _journal = room
    make = journal_writer._Ticket

    def while_it_ends(*given: Any) -> Any:
        writer.stop()
        return make(*given)

    monkeypatch.setattr(journal_writer, "_Ticket", while_it_ends)
    with pytest.raises(WriterStoppedError):
        writer.write(c.Tick("box"))
    assert writer._queue.empty(), "it was left where nobody answers"
