"""What the centre has confirmed: its signed receipts, which network and stick leave on the box."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import PublicIdentity
from appliance.formats.receipt import (
    FILES_RECEIPT_MAX_BYTES,
    Receipt,
    read_files_receipt,
    read_receipt,
)
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.storage.reading import JournalReader

RECEIPTS_FOLDER = Path("sync", "receipts")
"""Below a box's data; the sync agent and the stick write them there."""
FILES_RECEIPT_SUFFIX = ".files-receipt"
STATE_FILE = Path("sync", "state.json")
"""Below a box's data; what the sync agent knows, see `sync.agent.state`."""

T = TypeVar("T")


def read_receipts(data_dir: Path, centre: PublicIdentity) -> list[Receipt]:
    """Return the receipts that the centre really signed; others prove nothing."""
    read = partial(read_receipt, centre=centre)
    return _read_genuine(data_dir, ".receipt", SIGNED_MAX_BYTES, read)


def newest_confirmation(
    receipts: Iterable[Receipt], journal_id: str, journal: JournalReader
) -> Receipt | None:
    """Return the receipt that goes furthest, of those about an entry as the journal has it."""
    confirmed = [
        one
        for one in receipts
        if one.journal_id == journal_id
        and [entry.hash for entry in journal.entries_after(one.contiguous_seq - 1, 1)]
        == [one.head_hash]
    ]
    return max(confirmed, key=lambda one: one.contiguous_seq, default=None)


def delivered_files(data_dir: Path, centre: PublicIdentity) -> dict[str, set[str]]:
    """Return by journal which files of candidates the centre has, by SHA-256.

    Of what went by stick its signed receipts are believed, of what went by network the sync agent,
    which notes a file when the centre answers that it is stored.
    """
    read = partial(read_files_receipt, centre=centre)
    delivered = _noted_by_agent(data_dir / STATE_FILE)
    for one in _read_genuine(data_dir, FILES_RECEIPT_SUFFIX, FILES_RECEIPT_MAX_BYTES, read):
        delivered.setdefault(one.journal_id, set()).update(one.files)
    return delivered


def _read_genuine(
    data_dir: Path, suffix: str, bytes_max: int, read: Callable[[bytes], T]
) -> list[T]:
    found = []
    for path in sorted((data_dir / RECEIPTS_FOLDER).glob(f"*{suffix}")):
        try:
            with path.open("rb") as file:
                found.append(read(file.read(bytes_max)))
        except ExamroomError:
            continue
    return found


def _noted_by_agent(path: Path) -> dict[str, set[str]]:
    """Return what the agent noted as delivered; nothing where it has noted nothing."""
    try:
        state = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    match state:
        case {"delivered_attachments": dict(noted)}:
            return {journal_id: set(files) for journal_id, files in noted.items()}
        case _:
            return {}
