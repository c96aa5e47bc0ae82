"""What runs in the guest, as its first process's only child: look at the journal, then write on.

Every line goes to the serial console, which is all that is left after the cut:

    CHAIN n              the journal of n entries was opened, its pages and its chain are whole
    SAVED attempt n      the newest change of an attempt in the journal
    READY                now writing
    TOLD attempt n       the writer answered: change n is saved
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from appliance.domain import commands as c
from appliance.domain.changes import Change
from appliance.domain.decide.now import Now
from appliance.domain.room import RoomState
from appliance.platform.clock import SystemClock
from appliance.platform.files import make_folder
from appliance.storage.journal_writer import JournalWriter
from appliance.storage.journals import Journal, resume_journal, verify_journal

JOURNAL = Path("/data/journals/j.db")
KEY = bytes(range(32))
ATTEMPTS = 6
WORDS = "the ice melts and the water at the surface is close to zero degrees " * 40
NOT_SYNCED = "examroom-not-synced"
"""On the kernel's command line: commit as no box does, to show that a loss would be seen."""


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _open_room(writer: JournalWriter) -> None:
    candidates = tuple(
        c.ExpectedCandidate(f"a{n}", f"a{n}", str(n), "A", "B", "X", f"h{n}", None, ())
        for n in range(ATTEMPTS)
    )
    writer.write(c.OpenRoomSession("staff", "Room", practice=False))
    writer.write(c.PlanSitting("staff", "s", "Exam", "p", 360_000, None, candidates))
    writer.write(c.LoadSitting("staff", "s", "00"))
    writer.write(c.ReleaseSitting("staff", "s", "code"))
    for n in range(ATTEMPTS):
        writer.write(c.SignInCandidate("candidate", f"a{n}", f"k{n}", f"t{n}"))
        writer.write(c.CheckIn("staff", f"a{n}", str(n)))
    writer.write(c.StartSitting("staff", "s"))


def _saved(state: RoomState, _now: Now) -> dict[str, int]:
    return {
        attempt_id: client.acknowledged_change_no
        for (attempt_id, _), client in state.clients.items()
    }


def _write_on(writer: JournalWriter, attempt: int, number: int) -> None:
    name, client_id = f"a{attempt}", f"k{attempt}"
    while True:
        number += 1
        text = f"{number} {WORDS[: number * 37 % len(WORDS)]}"
        change = Change(number, "response", "ESSAY", "RESPONSE", text)
        writer.write(c.SaveChanges("candidate", name, client_id, (change,)))
        _say("TOLD", name, number)


def _opened() -> Journal:
    make_folder(JOURNAL.parent)
    journal = resume_journal(JOURNAL, KEY, "journal")
    _say()  # the firmware leaves a line unfinished
    _say("CHAIN", verify_journal(journal))
    journal.database.conn.execute("PRAGMA wal_autocheckpoint = 200")
    if NOT_SYNCED in Path("/proc/cmdline").read_text():
        journal.database.conn.execute("PRAGMA synchronous = NORMAL")
    return journal


def main() -> None:
    """Open, tell what is there, and write until the power goes."""
    journal = _opened()
    was_empty = journal.head_seq == 0
    writer = JournalWriter(
        journal, clock=SystemClock(), boot_id="guest", sign=lambda data: data[:64]
    )
    writer.start()
    if was_empty:
        _open_room(writer)
    saved = writer.look(_saved)
    for attempt_id, number in saved.items():
        _say("SAVED", attempt_id, number)
    _say("READY")
    threads = [
        threading.Thread(target=_write_on, args=(writer, n, saved.get(f"a{n}", 0)))
        for n in range(ATTEMPTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
