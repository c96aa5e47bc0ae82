"""Sending candidates' files, beside the journals and never before their entries.

A file has its own pace: one that does not get through on a bad line holds up neither entries nor
documents, nor other files, because the file that was tried least comes first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import structlog

from appliance.domain.errors import ExamroomError, PermanentSyncError, TransientError
from appliance.formats.attachment import write_attachment
from appliance.formats.keys import BoxIdentity, PublicIdentity
from sync.agent.centre_client import Centre
from sync.agent.journal_source import JournalSource
from sync.agent.stages import SyncStatus
from sync.agent.state import AgentState

FILES_PER_TURN_MAX = 20
OK_STATUS = 200
VERDICTS = frozenset({"stored", "already"})

FileName = tuple[str, str]
"""(journal_id, sha256)"""

_log = structlog.get_logger()


class AttachmentRefusedError(PermanentSyncError):
    """The centre does not take this file."""

    key = "attachment_refused"
    staff_message = (
        "The centre did not take a candidate's file. It is kept here, and everything else is sent. "
        "Tell the centre."
    )


def attachment_target(journal_id: str, sha256: str) -> str:
    """Return where the centre takes a file."""
    return f"/api/v1/journals/{journal_id}/attachments/{sha256}"


@dataclass(frozen=True, slots=True)
class AttachmentSender:
    """Sends files; all that it needs for that."""

    source: JournalSource
    centre: Centre
    box: BoxIdentity
    pinned: PublicIdentity
    state: AgentState
    waiting: Counter[str] = field(default_factory=Counter)
    """How many files of each journal wait, as of the last turn."""
    tries: Counter[FileName] = field(default_factory=Counter)

    def send_waiting(self) -> int:
        """Send what the centre has not; return how many.  Stops where new entries wait.

        Raises TransientError; a file that is refused for good is noted and passed over.
        """
        sent = 0
        for journal_id, sha256 in self._list_waiting()[:FILES_PER_TURN_MAX]:
            if sent and self._entries_wait():
                break
            self.tries[journal_id, sha256] += 1
            try:
                self._send(journal_id, sha256)
            except TransientError:
                raise
            except ExamroomError as problem:
                self.state.refused_attachments.setdefault(journal_id, {})[sha256] = problem.key
                _log.warning("attachment_refused", sha256=sha256, error_key=problem.key)
            else:
                self.state.delivered_attachments.setdefault(journal_id, []).append(sha256)
                self.waiting[journal_id] -= 1
                sent += 1
            del self.tries[journal_id, sha256]
            self.state.save()
        return sent

    def _list_waiting(self) -> list[FileName]:
        found: list[FileName] = []
        for journal_id in self.source.journal_ids():
            delivered = set(self.state.delivered_attachments.get(journal_id, ()))
            refused = self.state.refused_attachments.get(journal_id, {})
            try:
                with self.source.read_attachments(journal_id) as reader:
                    own = [sha256 for sha256, _ in reader.list_files() if sha256 not in delivered]
            except TransientError:
                raise
            except ExamroomError as problem:
                # The files of this journal need a person; the others must not wait for that.
                _log.warning("attachments_unread", journal_id=journal_id, error_key=problem.key)
                continue
            self.waiting[journal_id] = len(own)
            found += [(journal_id, sha256) for sha256 in own if sha256 not in refused]
        return sorted(found, key=self.tries.__getitem__)

    def _send(self, journal_id: str, sha256: str) -> None:
        with self.source.read_attachments(journal_id) as reader:
            plain = reader.get(sha256)
        data = write_attachment(
            plain or b"", journal_id=journal_id, sha256=sha256, box=self.box, centre=self.pinned
        )
        reply = self.centre.send("PUT", attachment_target(journal_id, sha256), data)
        if reply.status != OK_STATUS or reply.value.get("verdict") not in VERDICTS:
            raise AttachmentRefusedError

    def _entries_wait(self) -> bool:
        for journal_id in self.source.journal_ids():
            mark = self.state.mark(journal_id)
            if mark.status == SyncStatus.STOPPED.value:
                continue
            with self.source.read(journal_id) as reader:
                head = reader.head()
            if head is not None and head[1] > mark.acknowledged_seq:
                return True
        return False
