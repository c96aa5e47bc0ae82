"""The one writer of a journal: a thread that makes whatever waits durable in one commit.

Commands queue up; the writer takes all that are there, decides each, chains and inserts the
entries, updates the projections, and commits once.  Only then is anyone answered.  One fsync so
serves every candidate who saved meanwhile (DESIGN section 5; figures in docs/performance.md).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

import structlog

from appliance.domain.commands import Command
from appliance.domain.decide import decide
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError, TransientError
from appliance.domain.evolve import evolve
from appliance.domain.journal import Draft, Entry, place
from appliance.domain.locked_browser import LockedBrowser
from appliance.domain.room import RoomBox, RoomState
from appliance.storage.database import write_transaction
from appliance.storage.driver_errors import translating
from appliance.storage.journals import Journal, insert_entries
from appliance.storage.projections import StoredResponses, load_state, save_touched

GROUP_MAX = 256
"""Commands in one commit.  More would only make the last one wait longer."""

ANSWER_WITHIN_SECONDS = 30.0

_log = structlog.get_logger()

T = TypeVar("T")


class WriterStoppedError(TransientError):
    """The box is stopping or starting."""

    key = "writer_stopped"
    staff_message = "The box is restarting. It goes on by itself in a few seconds."
    candidate_message = "The box is restarting. Keep writing: your work is on this computer."


class WriterSilentError(TransientError):
    """The writer did not answer: it hangs, or its disk does."""

    key = "writer_silent"
    staff_message = (
        "The box does not save now. It is started again by itself within two minutes; "
        "if it does not come back, take over on the standby."
    )
    candidate_message = "Saving takes longer. Keep writing: your work is kept on this computer."


class Clock(Protocol):
    """The clocks the writer needs; `appliance.platform.clock` has them."""

    def wall_ms(self) -> int:
        """UTC milliseconds."""

    def monotonic_ms(self) -> int:
        """Milliseconds since boot."""


class Guard(Protocol):
    """What may keep a writer from writing; `appliance.services.fence` is one."""

    def require_up(self) -> None:
        """Raise a refusal when another box may lead the room by now."""

    def slept_ms(self) -> int:
        """Return for how long this process has not run since it began."""


class _NoGuard:
    def require_up(self) -> None:
        """Let everything through."""

    def slept_ms(self) -> int:
        """Nobody has watched."""
        return 0


NO_GUARD = _NoGuard()


@dataclass(slots=True)
class _Ticket:
    """One command on its way through the writer, and the thread that waits for it."""

    command: Command | None
    view: Callable[[RoomState, Now], Any] | None
    answered: threading.Lock = field(default_factory=threading.Lock)
    answer: Any = None
    refusal: BaseException | None = None


class JournalWriter:
    """Owns a journal's connection and state.  `write` may be called from any thread."""

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Clock,
        boot_id: str,
        sign: Callable[[bytes], bytes],
        guard: Guard = NO_GUARD,
    ) -> None:
        """Take over a journal; `guard` says whether this box may write it at this moment."""
        self._journal = journal
        self._clock = clock
        self._boot_id = boot_id
        self._sign = sign
        self._guard = guard
        self._state = load_state(journal.database, journal.journal_id)
        self._clock_base_ms = self._state.session.clock_ms - clock.monotonic_ms()
        self._queue: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._stopped = False
        self._stopping = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    @property
    def epoch(self) -> int:
        """Return the epoch this writer writes in."""
        return self._journal.epoch

    @property
    def head_seq(self) -> int:
        """Return the newest entry, which may be on its way to the disk.  From any thread."""
        return self._journal.head_seq

    def boxes(self) -> list[RoomBox]:
        """Return the boxes of this room, as far as it is decided.  From any thread."""
        return list(self._state.boxes.values())

    def locked_browser(self, sitting_id: str) -> LockedBrowser | None:
        """Return what a sitting asks of browsers, as far as it is decided.  From any thread."""
        sitting = self._state.sittings.get(sitting_id)
        return None if sitting is None else sitting.locked_browser

    def sitting_ids(self) -> list[str]:
        """Return the sittings of this room, as far as it is decided.  From any thread."""
        return list(self._state.sittings)

    def start(self) -> None:
        """Begin to take commands."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was queued, fold the log back and close the file.  Safe to repeat."""
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
        self._queue.put(None)
        self._thread.join()
        self._journal.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._journal.database.close()

    def write(self, command: Command) -> None:
        """Wait until `command` is durable.

        Raises the refusal, or TransientError when the disk or the writer is in trouble: then
        nothing of the command was done.
        """
        self._ask(command, None)

    def write_and_look(self, command: Command, view: Callable[[RoomState, Now], T]) -> T:
        """Wait until `command` is durable; return what `view` saw in the state right after it.

        `view` runs in the writer and must be quick.
        """
        answer: T = self._ask(command, view)
        return answer

    def look(self, view: Callable[[RoomState, Now], T]) -> T:
        """Return what `view` sees in the state, all of which is durable when this returns."""
        answer: T = self._ask(None, view)
        return answer

    def _ask(self, command: Command | None, view: Callable[[RoomState, Now], Any] | None) -> Any:
        ticket = _Ticket(command, view)
        ticket.answered.acquire()
        if not self._take(ticket):
            # A box that was overtaken says that, and not that it will be back.
            self._guard.require_up()
            raise WriterStoppedError
        if not ticket.answered.acquire(timeout=ANSWER_WITHIN_SECONDS):
            raise WriterSilentError
        if ticket.refusal is not None:
            raise ticket.refusal
        return ticket.answer

    def _take(self, ticket: _Ticket) -> bool:
        """Queue a ticket, unless the end is queued already: behind that nobody would answer it."""
        with self._stopping:
            if not self._stopped:
                self._queue.put(ticket)
            return not self._stopped

    def _run(self) -> None:
        try:
            stopping = False
            while not stopping:
                group, stopping = self._next_group()
                if group:
                    self._commit(group)
        except BaseException:  # noqa: BLE001 - the process ends here
            # A programmer error in deciding or evolving: whatever is in memory may be wrong.  The
            # journal is right up to the last commit, so the process ends and starts again from it.
            _log.exception("journal_writer_failed")
            os._exit(70)

    def _next_group(self) -> tuple[list[_Ticket], bool]:
        """Wait for one command, then take what else is there.  Return it, and whether to stop."""
        first = self._queue.get()
        if first is None:
            return [], True
        group = [first]
        while len(group) < GROUP_MAX:
            try:
                ticket = self._queue.get_nowait()
            except Empty:
                break
            if ticket is None:
                return group, True
            group.append(ticket)
        return group, False

    def _commit(self, group: list[_Ticket]) -> None:
        journal = self._journal
        head = journal.head_seq, journal.head_hash
        entries: list[Entry] = []
        try:
            self._guard.require_up()
        except ExamroomError as fenced:
            for ticket in group:
                ticket.refusal = fenced
                ticket.answered.release()
            return
        for ticket in group:
            self._decide(ticket, entries)
        if entries:
            try:
                with translating(journal.path), write_transaction(journal.database):
                    insert_entries(journal.database, entries)
                    save_touched(journal.database, self._state)
            except ExamroomError as trouble:
                _log.error("commit_failed", error_key=trouble.key, commands=len(group))
                journal.head_seq, journal.head_hash = head
                self._state = load_state(journal.database, journal.journal_id)
                for ticket in group:
                    ticket.refusal = ticket.refusal or trouble
            if isinstance(self._state.responses, StoredResponses):
                self._state.responses.trim()
        for ticket in group:
            ticket.answered.release()

    def _decide(self, ticket: _Ticket, entries: list[Entry]) -> None:
        now = self._now()
        try:
            drafts = [] if ticket.command is None else decide(self._state, ticket.command, now)
            for draft in drafts:
                self._append(draft, now, entries)
            if ticket.view is not None:
                ticket.answer = ticket.view(self._state, self._now() if drafts else now)
        except ExamroomError as refusal:
            ticket.refusal = refusal

    def _append(self, draft: Draft, now: Now, entries: list[Entry]) -> None:
        journal = self._journal
        entry = place(
            draft,
            epoch=journal.epoch,
            seq=journal.head_seq + 1,
            at_ms=now.at_ms,
            previous=journal.head_hash,
        )
        journal.head_seq, journal.head_hash = entry.seq, entry.hash
        entries.append(entry)
        evolve(self._state, entry, draft.body)

    def _now(self) -> Now:
        monotonic_ms = self._clock.monotonic_ms()
        return Now(
            at_ms=self._clock.wall_ms(),
            # While the process was asleep nobody was served, so the room clock stood still.
            clock_ms=self._clock_base_ms + monotonic_ms - self._guard.slept_ms(),
            monotonic_ms=monotonic_ms,
            boot_id=self._boot_id,
            epoch=self._journal.epoch,
            head_seq=self._journal.head_seq,
            head_hash=self._journal.head_hash,
            sign=self._sign,
        )
