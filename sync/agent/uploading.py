"""Sending one journal's entries until the centre has acknowledged them all.

Nothing is marked as sent by sending it, only by the centre's signed receipt.  Killed at any
moment, the agent sends the same entries again and the centre says that it has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import InvalidInputError, PermanentSyncError, TransientError
from appliance.domain.journal import Entry, chain_start
from appliance.formats.bundle import one_run, write_bundle
from appliance.formats.canonical import encode_canonical
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.receipt import Receipt, read_receipt
from appliance.platform.files import write_durably
from sync.agent.centre_client import CONFLICT_STATUS, TOO_LARGE_STATUS, Centre, Reply
from sync.agent.journal_source import EntryReader, JournalSource
from sync.agent.pacing import Pace
from sync.agent.stages import SyncStage, SyncStatus
from sync.agent.state import AgentState, JournalMark

BUNDLES_TARGET = "/api/v1/bundles"
BUNDLES_PER_TURN_MAX = 50

_AT_REST = (SyncStage.CONFIRMING, SyncStatus.COMPLETED)


class EntriesConflictError(PermanentSyncError):
    """The centre holds a different entry under a number we want to send."""

    key = "entries_conflict"
    staff_message = (
        "The centre has a different record of this room from entry {seq} on. Nothing was "
        "overwritten on either side. Keep this box as it is; the centre looks into it."
    )


class EntryTooLargeError(PermanentSyncError):
    """One entry alone is more than the centre takes in a bundle."""

    key = "entry_too_large"
    staff_message = (
        "Entry {seq} of this room is too large to be sent. It is kept here. Tell the centre."
    )


class ReceiptWrongError(PermanentSyncError):
    """The receipt is not about what was sent."""

    key = "receipt_wrong"
    staff_message = (
        "The centre's receipt does not fit what this box sent. Everything is kept here. "
        "Tell the centre."
    )


@dataclass(frozen=True, slots=True)
class Uploader:
    """Sends journals; all that it needs for that."""

    source: JournalSource
    centre: Centre
    box: BoxIdentity
    pinned: PublicIdentity
    state: AgentState
    pace: Pace
    receipts_dir: Path

    def send_journal(self, journal_id: str) -> None:
        """Send what is new of a journal; raises TransientError, and marks a permanent failure."""
        mark = self.state.mark(journal_id)
        if mark.status == SyncStatus.STOPPED.value:
            return
        with self.source.read(journal_id) as reader:
            for _ in range(BUNDLES_PER_TURN_MAX):
                if not self._send_next(journal_id, reader):
                    return

    def _send_next(self, journal_id: str, reader: EntryReader) -> bool:
        """Send one bundle; say whether there may be more."""
        mark = self.state.mark(journal_id)
        if not still_ours(mark, reader):
            mark = mark.model_copy(update={"acknowledged_seq": 0, "acknowledged_hash": b""})
            self.state.journals[journal_id] = mark
        head = reader.head()
        head_seq = head[1] if head else 0
        if head_seq == mark.acknowledged_seq and mark.point == _AT_REST:
            return False
        mark = mark.model_copy(update={"head_seq": head_seq})
        mark = mark.at(SyncStage.READING, SyncStatus.STARTED)
        entries = one_run(reader.entries_after(mark.acknowledged_seq, self.pace.bundle_entries))
        if not entries:
            self._note(journal_id, mark.at(SyncStage.READING, SyncStatus.COMPLETED))
            return False
        mark = mark.at(SyncStage.SEALING, SyncStatus.STARTED)
        data = self._seal(journal_id, mark, entries)
        mark = mark.at(SyncStage.SENDING, SyncStatus.STARTED)
        self.state.journals[journal_id] = mark
        try:
            mark = self._exchange(journal_id, entries, data, reader)
        except TransientError as problem:
            self._note(journal_id, self._now(journal_id, SyncStatus.WAITING, problem.key))
            raise
        except PermanentSyncError as problem:
            self._note(journal_id, self._now(journal_id, SyncStatus.STOPPED, problem.key))
            return False
        self._note(journal_id, mark)
        return True

    def _seal(self, journal_id: str, mark: JournalMark, entries: Sequence[Entry]) -> bytes:
        return write_bundle(
            entries,
            journal_id=journal_id,
            previous_hash=mark.acknowledged_hash or chain_start(journal_id),
            box=self.box,
            centre=self.pinned,
        )

    def _exchange(
        self, journal_id: str, entries: Sequence[Entry], data: bytes, reader: EntryReader
    ) -> JournalMark:
        """Send a bundle and return the mark that the centre's reply allows."""
        reply = self.centre.send("POST", BUNDLES_TARGET, data)
        mark = self.state.mark(journal_id)
        if reply.status == TOO_LARGE_STATUS:
            return self._smaller(mark, entries)
        if reply.status == CONFLICT_STATUS:
            return self._resumed(mark, reply, entries, reader)
        mark = mark.at(SyncStage.CONFIRMING, SyncStatus.STARTED)
        self.state.journals[journal_id] = mark
        receipt, raw = self._confirmed(reply, journal_id, entries[-1])
        seq, head_hash = _acknowledged(receipt, entries[-1], reader)
        write_durably(self.receipts_dir / f"{journal_id}.{receipt.epoch}.receipt", raw)
        self.pace.succeeded()
        return mark.at(SyncStage.CONFIRMING, SyncStatus.COMPLETED).model_copy(
            update={
                "acknowledged_seq": seq,
                "acknowledged_hash": head_hash,
                "receipt_at_ms": receipt.received_at_ms,
            }
        )

    def _smaller(self, mark: JournalMark, entries: Sequence[Entry]) -> JournalMark:
        """The centre, or what stands before it, takes less: halve, or stop at a single entry."""
        if len(entries) == 1:
            raise EntryTooLargeError(seq=entries[0].seq)
        self.pace.bundle_entries = max(1, len(entries) // 2)
        return mark.at(SyncStage.READING, SyncStatus.STARTED)

    def _resumed(
        self, mark: JournalMark, reply: Reply, entries: Sequence[Entry], reader: EntryReader
    ) -> JournalMark:
        """Go where the centre wants to continue, unless it holds something else there."""
        expected = reply.value.get("expected_seq")
        if reply.value.get("verdict") != "gap" or not isinstance(expected, int):
            raise EntriesConflictError(seq=entries[0].seq)
        before = reader.entries_after(expected - 2, 1) if expected > 1 else []
        if expected > 1 and not before:
            raise EntriesConflictError(seq=expected)
        return mark.at(SyncStage.READING, SyncStatus.STARTED).model_copy(
            update={
                "acknowledged_seq": expected - 1,
                "acknowledged_hash": before[0].hash if before else b"",
            }
        )

    def _confirmed(self, reply: Reply, journal_id: str, last: Entry) -> tuple[Receipt, bytes]:
        """Verify the receipt: by our centre, about the epoch of `last`, at least up to it."""
        raw = encode_canonical(reply.value.get("receipt"))
        try:
            receipt = read_receipt(raw, centre=self.pinned)
        except InvalidInputError as problem:
            raise ReceiptWrongError from problem
        if (receipt.journal_id, receipt.epoch) != (journal_id, last.epoch):
            raise ReceiptWrongError
        if receipt.contiguous_seq < last.seq:
            raise ReceiptWrongError
        if receipt.contiguous_seq == last.seq and receipt.head_hash != last.hash:
            raise ReceiptWrongError
        return receipt, raw

    def _now(self, journal_id: str, status: SyncStatus, key: str) -> JournalMark:
        """Return the mark at its present stage with another status."""
        mark = self.state.mark(journal_id)
        return mark.at(mark.point[0], status, key)

    def _note(self, journal_id: str, mark: JournalMark) -> None:
        self.state.journals[journal_id] = mark
        self.state.save()


def _acknowledged(receipt: Receipt, last: Entry, reader: EntryReader) -> tuple[int, bytes]:
    """Return up to where the centre has this journal: seq and hash.

    It may have more than was sent now.  Where that is not what stands here, the epoch went on
    elsewhere after this journal left it (a box that had been overtaken sent its own course); then
    what was sent is what is known, because the centre compares every entry that it has already.
    """
    found = reader.entries_after(receipt.contiguous_seq - 1, 1)
    if [(one.epoch, one.hash) for one in found] == [(receipt.epoch, receipt.head_hash)]:
        return receipt.contiguous_seq, receipt.head_hash
    return last.seq, last.hash


def still_ours(mark: JournalMark, reader: EntryReader) -> bool:
    """Say whether what the centre acknowledged is still the beginning of this journal.

    A box that was overtaken and follows has set its own course aside; should it lead again, the
    centre says itself from where on it wants entries.
    """
    if mark.acknowledged_seq == 0:
        return True
    found = reader.entries_after(mark.acknowledged_seq - 1, 1)
    return [one.hash for one in found] == [mark.acknowledged_hash]
