"""One turn of the agent: send what is new, fetch what waits, say how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from appliance.domain.errors import CorruptionError, ExamroomError, TransientError
from appliance.formats.canonical import encode_canonical
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.platform.clock import Clock
from appliance.platform.files import make_folder, write_durably
from appliance.services.centre_receipts import RECEIPTS_FOLDER, STATE_FILE
from appliance.services.kept_update import UpdateFolder
from sync.agent.attachments import AttachmentSender
from sync.agent.centre_client import Centre
from sync.agent.journal_source import JournalSource
from sync.agent.mailbox import NoRoomForDocumentsError, fetch_mailbox
from sync.agent.pacing import Pace
from sync.agent.reporting import Reporter
from sync.agent.state import AgentState
from sync.agent.updates import UpdateFetcher
from sync.agent.uploading import Uploader

MAILBOX_EVERY_MS = 5_000

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AgentPaths:
    """Where the agent's files lie in a box's data directory."""

    data_dir: Path

    @property
    def state(self) -> Path:
        """Return where the agent keeps how far it is."""
        return self.data_dir / STATE_FILE

    @property
    def status(self) -> Path:
        """Return what the staff page reads."""
        return self.data_dir / "sync" / "status.json"

    @property
    def receipts(self) -> Path:
        """Return where the centre's receipts lie."""
        return self.data_dir / RECEIPTS_FOLDER

    @property
    def incoming(self) -> Path:
        """Return where the exam server takes documents from."""
        return self.data_dir / "mailbox" / "incoming"

    @property
    def keys(self) -> Path:
        """Return where identities and keys lie."""
        return self.data_dir / "keys"

    def make_folders(self) -> None:
        """Make the folders the agent writes to."""
        for folder in (self.state.parent, self.receipts, self.incoming):
            make_folder(folder)


class SyncAgent:
    """Brings a box and its centre to the same state, turn by turn."""

    def __init__(  # noqa: PLR0913 - the composition of the agent: everything is given by name
        self,
        *,
        paths: AgentPaths,
        source: JournalSource,
        centre: Centre,
        box: BoxIdentity,
        pinned: PublicIdentity,
        state: AgentState,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._paths = paths
        self._source = source
        self._centre = centre
        self._box = box
        self._pinned = pinned
        self._state = state
        self._clock = clock
        self._pace = pace
        self._uploader = Uploader(source, centre, box, pinned, state, pace, paths.receipts)
        self._attachments = AttachmentSender(source, centre, box, pinned, state)
        self._attachment_pace = pace.another()
        self._updates = UpdateFetcher(centre, pinned, UpdateFolder(paths.data_dir), clock)
        self._update_pace = pace.another()
        self._reporter = Reporter(centre, UpdateFolder(paths.data_dir))
        self._report_pace = pace.another()
        self._reachable_at_ms: int | None = None
        self._error_key: str | None = None
        self._mailbox_due_at_ms = 0
        self._written_status = b""

    def take_turn(self) -> None:
        """Do what is due.  Errors become a shown state and a later turn, never an exception."""
        if not self._pace.is_due(self._clock.monotonic_ms()):
            return
        self._error_key = None
        is_reached = True
        try:
            self._send_journals()
            self._fetch_when_due()
        except ExamroomError as problem:
            is_reached = not isinstance(problem, TransientError)
            self._pace.failed(self._clock.monotonic_ms())
            self._error_key = problem.key
            _log.info("sync_waits", error_key=problem.key)
        if is_reached:
            self._send_attachments()
            self._do_aside(self._updates.fetch_for_a_while, self._update_pace, "update_waits")
            self._do_aside(self._reporter.tell, self._report_pace, "report_waits")
        self._write_status()

    def _send_journals(self) -> None:
        for journal_id in self._source.journal_ids():
            before = self._state.mark(journal_id).receipt_at_ms
            try:
                self._uploader.send_journal(journal_id)
            except CorruptionError as problem:
                # This journal needs a person; the others must not wait for that.
                self._error_key = problem.key
                continue
            mark = self._state.mark(journal_id)
            self._error_key = mark.error_key or self._error_key
            if mark.receipt_at_ms != before:
                self._reachable_at_ms = self._clock.wall_ms()

    def _send_attachments(self) -> None:
        """Send files, last and at their own pace: entries and documents never wait for them."""
        if not self._attachment_pace.is_due(self._clock.monotonic_ms()):
            return
        try:
            if self._attachments.send_waiting():
                self._attachment_pace.succeeded()
                self._reachable_at_ms = self._clock.wall_ms()
        except ExamroomError as problem:
            self._attachment_pace.failed(self._clock.monotonic_ms())
            self._error_key = self._error_key or problem.key
            _log.info("attachments_wait", error_key=problem.key)
        refused = [key for own in self._state.refused_attachments.values() for key in own.values()]
        self._error_key = self._error_key or next(iter(refused), None)

    def _do_aside(self, work: Callable[[], None], pace: Pace, waits: str) -> None:
        """Do what comes after everything else, at its own pace: nothing waits for it."""
        if not pace.is_due(self._clock.monotonic_ms()):
            return
        try:
            work()
        except ExamroomError as problem:
            pace.failed(self._clock.monotonic_ms())
            _log.info(waits, error_key=problem.key)
        else:
            pace.succeeded()

    def _fetch_when_due(self) -> None:
        if self._clock.monotonic_ms() < self._mailbox_due_at_ms:
            return
        try:
            fetch_mailbox(
                self._centre,
                self._state,
                box_id=self._box.id,
                pinned=self._pinned,
                incoming=self._paths.incoming,
            )
        except NoRoomForDocumentsError as problem:
            # Results do not wait for that.
            self._error_key = problem.key
        finally:
            self._mailbox_due_at_ms = self._clock.monotonic_ms() + MAILBOX_EVERY_MS
        self._reachable_at_ms = self._clock.wall_ms()
        self._pace.succeeded()

    def _write_status(self) -> None:
        marks = self._state.journals
        newest = next(reversed(marks.values()), None)
        status = {
            "centre_reachable_at_ms": self._reachable_at_ms,
            "last_error_key": self._error_key,
            "stage": newest.stage if newest else None,
            "refused_documents": self._state.refused_documents,
            "refused_attachments": self._state.refused_attachments,
            "journals": {
                journal_id: {
                    "acknowledged_seq": mark.acknowledged_seq,
                    "head_seq": max(mark.head_seq, mark.acknowledged_seq),
                    "receipt_at_ms": mark.receipt_at_ms,
                    "status": mark.status,
                    "error_key": mark.error_key,
                    "attachments_waiting": self._attachments.waiting[journal_id],
                }
                for journal_id, mark in marks.items()
            },
        }
        written = encode_canonical(status)
        if written != self._written_status:
            write_durably(self._paths.status, written)
            self._written_status = written
