"""What the centre has confirmed: its signed receipts, which network and stick leave on the box."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import PublicIdentity
from appliance.formats.receipt import Receipt, read_receipt
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.storage.reading import JournalReader

RECEIPTS_FOLDER = Path("sync", "receipts")
"""Below a box's data; the sync agent writes them there."""


def read_receipts(data_dir: Path, centre: PublicIdentity) -> list[Receipt]:
    """Return the receipts that the centre really signed; others prove nothing."""
    found = []
    for path in sorted((data_dir / RECEIPTS_FOLDER).glob("*.receipt")):
        try:
            with path.open("rb") as file:
                found.append(read_receipt(file.read(SIGNED_MAX_BYTES), centre=centre))
        except ExamroomError:
            continue
    return found


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
