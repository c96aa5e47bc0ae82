"""A room in which one candidate writes: what a page sent is decided and stored, then taken back."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.journal import Entry
from appliance.platform.clock import SystemClock
from appliance.storage.journal_writer import JournalWriter, _Ticket
from appliance.storage.journals import create_journal, insert_entries
from appliance.storage.projections import load_state, save_touched


@cache
def _room() -> JournalWriter:
    folder = Path(tempfile.mkdtemp())
    journal = create_journal(folder / "j.db", bytes(32), "journal")
    writer = JournalWriter(
        journal, clock=SystemClock(), boot_id="boot", sign=lambda data: data[:64]
    )
    candidate = c.ExpectedCandidate("a", "a", "1", "A", "B", "X", "h", None, ())
    commands: tuple[c.Command, ...] = (
        c.OpenRoomSession("staff", "Room", practice=False),
        c.PlanSitting("staff", "s", "Exam", "p", 3600, None, (candidate,)),
        c.LoadSitting("staff", "s", "00"),
        c.ReleaseSitting("staff", "s", "code"),
        c.SignInCandidate("candidate", "a", "client0001", "token"),
        c.CheckIn("staff", "a", "1"),
        c.StartSitting("staff", "s"),
    )
    for command in commands:
        # In this thread: what the writer's own thread falls over ends the process.
        ticket = _Ticket(command, None)
        ticket.answered.acquire()
        writer._commit([ticket])
        if ticket.refusal is not None:
            raise ticket.refusal
    return writer


def save_and_take_back(changes: tuple[Change, ...]) -> int:
    """Save changes as the writer does; return how many entries that made, and undo it."""
    return write_and_take_back(c.SaveChanges("candidate", "a", "client0001", changes))


def write_and_take_back(command: c.Command) -> int:
    """Do what the writer does with a command; return how many entries it made, and undo it."""
    writer = _room()
    journal = writer._journal
    head = journal.head_seq, journal.head_hash
    entries: list[Entry] = []
    ticket = _Ticket(command, None)
    connection = journal.database.conn
    connection.execute("BEGIN")
    try:
        writer._decide(ticket, entries)
        if ticket.refusal is not None:
            raise ticket.refusal
        insert_entries(journal.database, entries)
        save_touched(journal.database, writer._state)
    finally:
        connection.execute("ROLLBACK")
        journal.head_seq, journal.head_hash = head
        writer._state = load_state(journal.database, journal.journal_id)
    return len(entries)
