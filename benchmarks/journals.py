"""The journal by itself: its size for an essay, and the cost of a save as it grows."""

from __future__ import annotations

import time

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState
from appliance.platform.clock import SystemClock, boot_id
from appliance.rehearsal.browsers import TEXT, TYPED_AT_ONCE, SavingBrowser
from appliance.rehearsal.load import Load, Result, Timing
from appliance.storage.journal_writer import JournalWriter
from benchmarks.report import Table
from benchmarks.rooms import Room
from tests.rig.box_process import BoxProcess

ESSAY_CHARACTERS = 5000
FILL_CHANGES = 200
SAVES_MEASURED = 400


class OpenJournal:
    """The journal of a stopped box, with the product's own writer on it."""

    def __init__(self, box: BoxProcess) -> None:
        self.journal = box.journal()
        self.path = self.journal.path
        self.writer = JournalWriter(
            self.journal, clock=SystemClock(), boot_id=boot_id(), sign=lambda data: data[:64]
        )
        self.writer.start()
        self._next_no: dict[str, int] = {}
        clients = self.writer.look(lambda state, _now: _writing_clients(state))
        self._clients = dict(clients)
        for attempt_id, (_, acknowledged) in clients.items():
            self._next_no[attempt_id] = acknowledged + 1

    @property
    def attempts(self) -> list[str]:
        """Return the attempts that are written."""
        return list(self._clients)

    def save(self, attempt_id: str, values: list[str], item_id: str = "ESSAY") -> None:
        """Save changes and wait until they are durable."""
        first = self._next_no[attempt_id]
        changes = tuple(
            Change(
                change_no=first + at,
                kind="response",
                item_id=item_id,
                response_id="RESPONSE",
                value=value,
                flagged=False,
                age_ms=0,
            )
            for at, value in enumerate(values)
        )
        client_id = self._clients[attempt_id][0]
        self.writer.write(c.SaveChanges("candidate", attempt_id, client_id, changes))
        self._next_no[attempt_id] = first + len(values)

    def entries(self) -> int:
        """Return how many entries there are."""
        return self.journal.head_seq


def _writing_clients(state: RoomState) -> dict[str, tuple[str, int]]:
    return {
        attempt_id: (client_id, client.acknowledged_change_no)
        for (attempt_id, client_id), client in state.clients.items()
        if state.attempts[attempt_id].state is AttemptState.WRITING
    }


def measure_essay(room: Room) -> Table:
    """Return what an essay costs that is typed on and saved every two seconds."""
    room.box.terminate()
    first = OpenJournal(room.box)
    attempt_id = first.attempts[0]
    entries_before = first.entries()
    first.writer.stop()
    size_before = first.path.stat().st_size
    journal = OpenJournal(room.box)
    saves = 0
    for length in range(TYPED_AT_ONCE, ESSAY_CHARACTERS + 1, TYPED_AT_ONCE):
        journal.save(attempt_id, [TEXT[:length]], "LETTER")
        saves += 1
    journal.writer.stop()
    grown = journal.path.stat().st_size - size_before
    entry_bytes = _entry_bytes(room.box, entries_before)
    room.box.start()
    return Table(
        f"An essay of {ESSAY_CHARACTERS} characters, typed on",
        ("saves", "journal file grew by", "bytes a save", "of it the entry itself"),
        [(str(saves), f"{grown:,} bytes", f"{grown / saves:.0f}", f"{entry_bytes / saves:.0f}")],
        note=f"A save after every {TYPED_AT_ONCE} characters; every one of them can be read back.",
    )


def _entry_bytes(box: BoxProcess, after_seq: int) -> int:
    journal = box.journal()
    row = journal.database.conn.execute(
        "SELECT sum(length(kind) + length(actor) + length(subject) + length(CAST(body AS BLOB))"
        " + length(hash)) FROM entries WHERE seq > ?",
        (after_seq,),
    ).fetchone()
    journal.database.close()
    return int(row[0])


def measure_long_journal(room: Room, sizes: list[int]) -> Table:
    """Return what a save costs after so many entries, and how soon a box with them saves."""
    table = Table(
        "A save as the journal grows",
        ("entries", "one alone: p50 / p99 ms", "in groups: saves/s", "file", "start to first save"),
        note="Without the web, by the writer itself: one alone is decided, chained and durable; "
        "groups are 50 changes in one commit. Start to first save is the whole box after "
        "`kill -9`, Python's own start included.",
    )
    for size in sizes:
        room.box.terminate()
        journal = OpenJournal(room.box)
        fill(journal, size)
        alone, grouped = _time_saves(journal), _time_groups(journal)
        journal.writer.stop()
        file_mb = journal.path.stat().st_size / 1e6
        started = _start_to_first_save(room)
        table.rows.append(
            (
                f"{size:,}",
                f"{alone.percentile_ms(50):.2f} / {alone.percentile_ms(99):.2f}",
                f"{grouped.per_second:.0f}",
                f"{file_mb:.0f} MB",
                f"{started:.1f} s",
            )
        )
    return table


def fill(journal: OpenJournal, size: int) -> None:
    """Let everybody save until there are `size` entries."""
    at = 0
    attempts = journal.attempts
    while (missing := size - journal.entries()) > 0:
        values = [_text(at + one) for one in range(min(FILL_CHANGES, missing))]
        journal.save(attempts[at % len(attempts)], values)
        at += 1


def _text(at: int) -> str:
    """Return a text that has grown by a few words since the one before."""
    return TEXT[: 300 + at * TYPED_AT_ONCE % 600]


def _time_saves(journal: OpenJournal) -> Result:
    result = Result()
    attempts = journal.attempts
    for at in range(SAVES_MEASURED):
        began = time.perf_counter()
        journal.save(attempts[at % len(attempts)], [_text(at)])
        result.latencies_ms.append((time.perf_counter() - began) * 1000)
    return result


def _time_groups(journal: OpenJournal) -> Result:
    began = time.perf_counter()
    attempts = journal.attempts
    for at in range(100):
        journal.save(attempts[at % len(attempts)], [_text(at + one) for one in range(50)])
    return Result(time.perf_counter() - began, [0.0] * 5000)


def _start_to_first_save(room: Room) -> float:
    room.box.start()
    room.catch_up()
    Load(room.box.candidate_port, room.savers(4), Timing(0.3)).run()
    room.catch_up()
    room.box.kill()
    person = room.people[0]
    began = time.perf_counter()
    room.box.start()
    saver = SavingBrowser(person.attempt_id, person.cookie, change_no=person.acknowledged)
    done = Load(room.box.candidate_port, [saver], Timing(5, requests_max=1)).run()
    assert done.right == 1, done
    taken = time.perf_counter() - began
    room.catch_up()
    return taken
