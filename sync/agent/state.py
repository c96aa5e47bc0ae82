"""What the agent knows between two runs, in `DATA/sync/`: how far the centre has each journal.

The pages of the box read from there which files were delivered, see `centre_receipts`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from appliance.formats.canonical import (
    INTEGER_MAX,
    CanonicalDocument,
    DocumentMalformedError,
    HexBytes,
)
from appliance.platform.files import write_durably
from sync.agent.stages import SyncPoint, SyncStage, SyncStatus, require_sync_move

Count = Annotated[int, Field(ge=0, le=INTEGER_MAX)]


class JournalMark(CanonicalDocument):
    """Up to where the centre has acknowledged a journal, and how its sync stands."""

    acknowledged_seq: Count = 0
    acknowledged_hash: HexBytes = b""
    head_seq: Count = 0
    receipt_at_ms: Count | None = None
    stage: str = SyncStage.READING.value
    status: str = SyncStatus.COMPLETED.value
    error_key: str | None = None

    @property
    def point(self) -> SyncPoint:
        """Return stage and status."""
        return SyncStage(self.stage), SyncStatus(self.status)

    def at(self, stage: SyncStage, status: SyncStatus, error_key: str | None = None) -> JournalMark:
        """Return this mark moved on; raises InvariantViolated for an illegal move."""
        require_sync_move(self.point, (stage, status))
        return self.model_copy(
            update={"stage": stage.value, "status": status.value, "error_key": error_key}
        )


class _StateFile(CanonicalDocument):
    format: Literal["sync-state/1"] = "sync-state/1"
    mailbox_cursor: Count = 0
    refused_documents: dict[str, str] = Field(default_factory=dict)
    journals: dict[str, JournalMark] = Field(default_factory=dict)
    delivered_attachments: dict[str, list[str]] = Field(default_factory=dict)
    refused_attachments: dict[str, dict[str, str]] = Field(default_factory=dict)


@dataclass(slots=True)
class AgentState:
    """The state in memory.  `save` makes it durable; losing the file costs only repeats."""

    path: Path
    mailbox_cursor: int = 0
    refused_documents: dict[str, str] = field(default_factory=dict)
    journals: dict[str, JournalMark] = field(default_factory=dict)
    delivered_attachments: dict[str, list[str]] = field(default_factory=dict)
    refused_attachments: dict[str, dict[str, str]] = field(default_factory=dict)

    def mark(self, journal_id: str) -> JournalMark:
        """Return how far a journal is; a new one is at its beginning."""
        return self.journals.get(journal_id, JournalMark())

    def try_stopped_again(self) -> None:
        """Begin anew with journals that stopped and files that were refused.

        Somebody who starts the agent again wants that.
        """
        self.refused_attachments.clear()
        for journal_id, mark in self.journals.items():
            if mark.status == SyncStatus.STOPPED.value:
                self.journals[journal_id] = mark.at(SyncStage.READING, SyncStatus.STARTED)

    def save(self) -> None:
        """Write the state."""
        document = _StateFile(
            mailbox_cursor=self.mailbox_cursor,
            refused_documents=self.refused_documents,
            journals=self.journals,
            delivered_attachments=self.delivered_attachments,
            refused_attachments=self.refused_attachments,
        )
        write_durably(self.path, document.to_bytes())


def load_state(path: Path) -> AgentState:
    """Read the state.  A missing or damaged one means beginning anew: the centre knows repeats."""
    with contextlib.suppress(FileNotFoundError, DocumentMalformedError):
        file = _StateFile.from_bytes(path.read_bytes())
        return AgentState(
            path,
            file.mailbox_cursor,
            dict(file.refused_documents),
            dict(file.journals),
            dict(file.delivered_attachments),
            dict(file.refused_attachments),
        )
    return AgentState(path)
