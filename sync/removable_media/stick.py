"""The way without a network: a stick carries the same bytes, and nobody can read them on it.

STICK/examroom/bundles/JOURNAL.EPOCH.FIRST-LAST.bundle      box to centre
STICK/examroom/attachments/JOURNAL.SHA256.attachment         box to centre
STICK/examroom/for-boxes/BOX/bundles, .../attachments        mirror only: the same for a spare box
STICK/examroom/receipts/JOURNAL.EPOCH.receipt               centre to box
STICK/examroom/files-receipts/SHA256.files-receipt          centre to box
STICK/examroom/mailbox/BOX/DOCUMENT.KIND                    centre to box
STICK/examroom/public-keys/ID.json                          both ways, for enrolment
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import CorruptionError, ExamroomError, InvalidInputError
from appliance.domain.journal import Entry, chain_start
from appliance.formats.attachment import ATTACHMENT_MAX_BYTES, write_attachment
from appliance.formats.bundle import BUNDLE_MAX_BYTES, one_run, verify_bundle, write_bundle
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.receipt import (
    FILES_RECEIPT_MAX_BYTES,
    Receipt,
    read_files_receipt,
    read_receipt,
)
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.platform.files import make_folder, write_durably
from appliance.services.centre_receipts import FILES_RECEIPT_SUFFIX
from sync.agent.agent import AgentPaths
from sync.agent.journal_source import EntryReader, JournalSource
from sync.agent.mailbox import verify_for_box
from sync.agent.stages import SyncStage, SyncStatus
from sync.agent.state import AgentState
from sync.agent.uploading import ReceiptWrongError

ENTRIES_A_BUNDLE = 2_000
DOCUMENT_MAX_BYTES = 512 * 1024 * 1024
FILES_MAX = 10_000
FILES_RECEIPTS = "files-receipts"

_DOCUMENT_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,63})\.([a-z][a-z_]{0,31})")


class StickWriteError(CorruptionError):
    """What was written to the stick did not come back the same."""

    key = "stick_unreliable"
    staff_message = (
        "This stick did not keep what was written to it. Use another stick. "
        "Everything is still on the box."
    )


class StickFileTooLargeError(InvalidInputError):
    """A file on a stick is larger than its kind may be."""

    key = "stick_file_too_large"
    staff_message = "The file {name} on this stick is too large to be what it says. It was left."


class StickFileMisnamedError(InvalidInputError):
    """A document on a stick has a name that none has which the centre wrote."""

    key = "stick_file_misnamed"
    staff_message = "The centre gives no file on a stick the name {name}. It was left."


@dataclass(frozen=True, slots=True)
class Carried:
    """What was taken from or put on a stick; `refused` by file name, with the error's key."""

    count: int
    refused: dict[str, str]


def export_bundles(
    source: JournalSource,
    stick: Path,
    *,
    box: BoxIdentity,
    centre: PublicIdentity,
    state: AgentState,
) -> Carried:
    """Write what the centre has not acknowledged of every journal; verified after writing.

    Raises StickWriteError.  Repeating it is harmless: the centre knows repeats.
    """
    folder = stick / "examroom" / "bundles"
    make_folder(folder)
    count = 0
    for journal_id in source.journal_ids():
        mark = state.mark(journal_id)
        previous = mark.acknowledged_hash or chain_start(journal_id)
        with source.read(journal_id) as reader:
            for run in _runs(reader, mark.acknowledged_seq):
                data = write_bundle(
                    run, journal_id=journal_id, previous_hash=previous, box=box, centre=centre
                )
                name = f"{journal_id}.{run[0].epoch}.{run[0].seq:08}-{run[-1].seq:08}.bundle"
                _write_verified(folder / name, data, box.public)
                previous = run[-1].hash
                count += 1
    return Carried(count, {})


def export_attachments(
    source: JournalSource,
    stick: Path,
    *,
    box: BoxIdentity,
    centre: PublicIdentity,
    delivered: Mapping[str, AbstractSet[str]],
) -> Carried:
    """Write the files that were not delivered, read back and compared.

    A file that cannot be sealed is named and left; raises StickWriteError.
    """
    folder = stick / "examroom" / "attachments"
    make_folder(folder)
    refused: dict[str, str] = {}
    count = 0
    for journal_id in source.journal_ids():
        known = delivered.get(journal_id, set())
        with source.read_attachments(journal_id) as reader:
            for sha256 in [one for one, _ in reader.list_files() if one not in known]:
                name = f"{journal_id}.{sha256}.attachment"
                plain = reader.get(sha256) or b""
                try:
                    data = write_attachment(
                        plain, journal_id=journal_id, sha256=sha256, box=box, centre=centre
                    )
                except ExamroomError as problem:
                    refused[name] = problem.key
                    continue
                write_durably(folder / name, data)
                if read_bounded(folder / name, ATTACHMENT_MAX_BYTES) != data:
                    raise StickWriteError
                count += 1
    return Carried(count, refused)


def import_from_stick(
    source: JournalSource,
    stick: Path,
    *,
    paths: AgentPaths,
    box_id: str,
    centre: PublicIdentity,
    state: AgentState,
) -> Carried:
    """Take this box's mailbox documents and the receipts of its journals from a stick."""
    own_journals = set(source.journal_ids())
    refused: dict[str, str] = {}
    count = 0
    for path in list_files(stick / "examroom" / "mailbox" / box_id):
        try:
            _take_document(path, paths.incoming, box_id=box_id, centre=centre)
            count += 1
        except ExamroomError as problem:
            refused[path.name] = problem.key
    for path in list_files(stick / "examroom" / "receipts"):
        try:
            data = read_bounded(path, SIGNED_MAX_BYTES)
            receipt = read_receipt(data, centre=centre)
            if receipt.journal_id in own_journals:
                _require_own(source, receipt)
                name = f"{receipt.journal_id}.{receipt.epoch}.receipt"
                write_durably(paths.receipts / name, data)
                _move_mark(state, receipt)
                count += 1
        except ExamroomError as problem:
            refused[path.name] = problem.key
    for path in list_files(stick / "examroom" / FILES_RECEIPTS):
        try:
            data = read_bounded(path, FILES_RECEIPT_MAX_BYTES)
            if read_files_receipt(data, centre=centre).journal_id in own_journals:
                write_durably(paths.receipts / files_receipt_name(data), data)
                count += 1
        except ExamroomError as problem:
            refused[path.name] = problem.key
    return Carried(count, refused)


def files_receipt_name(data: bytes) -> str:
    """Return what a receipt for files is called on stick and box: the same bytes are there once."""
    return hashlib.sha256(data).hexdigest() + FILES_RECEIPT_SUFFIX


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """Read a file of a stick; raises StickFileTooLargeError."""
    with path.open("rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise StickFileTooLargeError(name=path.name)
    return data


def _runs(reader: EntryReader, after_seq: int) -> Iterator[list[Entry]]:
    while run := one_run(reader.entries_after(after_seq, ENTRIES_A_BUNDLE)):
        yield run
        after_seq = run[-1].seq


def _write_verified(path: Path, data: bytes, box: PublicIdentity) -> None:
    write_durably(path, data)
    written = read_bounded(path, BUNDLE_MAX_BYTES)
    if written != data:
        raise StickWriteError
    verify_bundle(written, box=box)


def folder_for_box(examroom: Path, box_id: str) -> Path:
    """Return where on a stick lies what is sealed to a box."""
    return examroom / "for-boxes" / box_id


def list_files(folder: Path) -> list[Path]:
    """Return at most FILES_MAX ordinary files of a folder by name; links are left alone."""
    if not folder.is_dir():
        return []
    found = (path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink())
    return [path for path, _ in zip(found, range(FILES_MAX), strict=False)]


def _take_document(path: Path, incoming: Path, *, box_id: str, centre: PublicIdentity) -> None:
    match = _DOCUMENT_NAME.fullmatch(path.name)
    if match is None:
        raise StickFileMisnamedError(name=path.name)
    data = read_bounded(path, DOCUMENT_MAX_BYTES)
    verify_for_box(match.group(2), data, box_id=box_id, centre=centre)
    write_durably(incoming / path.name, data)


def _require_own(source: JournalSource, receipt: Receipt) -> None:
    """Raise ReceiptWrongError unless the receipt is about an entry as it stands here."""
    with source.read(receipt.journal_id) as reader:
        found = reader.entries_after(receipt.contiguous_seq - 1, 1)
    if [(one.epoch, one.hash) for one in found] != [(receipt.epoch, receipt.head_hash)]:
        raise ReceiptWrongError


def _move_mark(state: AgentState, receipt: Receipt) -> None:
    """Note what the centre has; never go back."""
    mark = state.mark(receipt.journal_id).at(SyncStage.READING, SyncStatus.STARTED)
    if receipt.contiguous_seq <= mark.acknowledged_seq:
        return
    state.journals[receipt.journal_id] = mark.model_copy(
        update={
            "acknowledged_seq": receipt.contiguous_seq,
            "acknowledged_hash": receipt.head_hash,
            "receipt_at_ms": receipt.received_at_ms,
        }
    )
    state.save()
