"""The centre's side of the way without a network: bundles in; receipts and documents out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from appliance.domain.errors import ExamroomError
from appliance.formats.attachment import ATTACHMENT_MAX_BYTES, read_attachment_header
from appliance.formats.bundle import BUNDLE_MAX_BYTES, read_bundle_header
from appliance.formats.receipt import (
    RECEIPT_FILES_MAX,
    FilesReceipt,
    read_receipt,
    write_files_receipt,
)
from appliance.platform.files import make_folder, write_durably
from sync.central.attachments import take_attachment
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import read, write
from sync.central.intake import Verdict, take_bundle
from sync.central.tables import mailbox
from sync.removable_media.stick import (
    FILES_RECEIPTS,
    files_receipt_name,
    list_files,
    read_bounded,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a stick brought: how many bundles by verdict, and refused files with their error."""

    verdicts: dict[str, int]
    refused: dict[str, str]
    journal_ids: frozenset[str] = frozenset()


def import_bundles(centre: Centre, stick: Path) -> Imported:
    """Take all bundles of a stick in, and write the receipts beside them for the way back.

    Files are taken in the order of their entries, so that those of one journal continue each other
    however the stick was filled.
    """
    verdicts: dict[str, int] = {}
    refused: dict[str, str] = {}
    readable: list[tuple[tuple[str, int, int], Path]] = []
    for path in list_files(stick / "examroom" / "bundles"):
        try:
            header = read_bundle_header(read_bounded(path, BUNDLE_MAX_BYTES))
            readable.append(((header.journal_id, header.epoch, header.first_seq), path))
        except ExamroomError as problem:
            refused[path.name] = problem.key
    receipts = stick / "examroom" / "receipts"
    make_folder(receipts)
    for _, path in sorted(readable):
        try:
            verdict = _take(centre, path, receipts)
        except ExamroomError as problem:
            refused[path.name] = problem.key
            continue
        verdicts[verdict.value] = verdicts.get(verdict.value, 0) + 1
    return Imported(verdicts, refused, frozenset(order[0] for order, _ in readable))


def import_attachments(centre: Centre, stick: Path) -> Imported:
    """Take candidates' files of a stick in, and write receipts for them; safe to repeat."""
    verdicts: dict[str, int] = {}
    refused: dict[str, str] = {}
    stored: dict[str, list[str]] = {}
    for path in list_files(stick / "examroom" / "attachments"):
        try:
            data = read_bounded(path, ATTACHMENT_MAX_BYTES)
            header = read_attachment_header(data)
            kept = take_attachment(centre, data, box=find_box(centre, header.box_id))
        except ExamroomError as problem:
            refused[path.name] = problem.key
            continue
        verdicts[kept.value] = verdicts.get(kept.value, 0) + 1
        stored.setdefault(header.journal_id, []).append(header.sha256)
    for journal_id, files in stored.items():
        _write_files_receipts(centre, stick, journal_id, files)
    return Imported(verdicts, refused)


def export_mailbox(centre: Centre, box_id: str, stick: Path) -> int:
    """Write what a box has not fetched yet to a stick; return how many documents."""
    find_box(centre, box_id)
    folder = stick / "examroom" / "mailbox" / box_id
    make_folder(folder)
    with read(centre.engine) as connection:
        rows = connection.execute(
            select(mailbox.c.document_id, mailbox.c.kind, mailbox.c.data)
            .where(mailbox.c.box_id == box_id, mailbox.c.fetched_at_ms.is_(None))
            .order_by(mailbox.c.cursor)
        ).all()
    for document_id, kind, data in rows:
        write_durably(folder / f"{document_id}.{kind}", bytes(data))
    with write(centre.engine) as connection:
        centre.record(connection, "stick", "mailbox_exported", box_id)
    return len(rows)


def _take(centre: Centre, path: Path, receipts: Path) -> Verdict:
    data = read_bounded(path, BUNDLE_MAX_BYTES)
    box = find_box(centre, read_bundle_header(data).box_id)
    intake = take_bundle(centre, data, box=box)
    if intake.receipt is not None:
        receipt = read_receipt(intake.receipt, centre=centre.identity.public)
        name = f"{receipt.journal_id}.{receipt.epoch}.receipt"
        write_durably(receipts / name, intake.receipt)
    return intake.verdict


def _write_files_receipts(centre: Centre, stick: Path, journal_id: str, files: list[str]) -> None:
    """Write that these files of a journal are stored, in as many documents as it needs.

    No name has the journal's id in it, which is as a box wrote it.
    """
    folder = stick / "examroom" / FILES_RECEIPTS
    make_folder(folder)
    for first in range(0, len(files), RECEIPT_FILES_MAX):
        receipt = FilesReceipt(
            centre_id=centre.identity.id,
            journal_id=journal_id,
            files=files[first : first + RECEIPT_FILES_MAX],
        )
        data = write_files_receipt(receipt, centre=centre.identity)
        write_durably(folder / files_receipt_name(data), data)
