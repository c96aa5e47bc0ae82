"""A receipt of the centre on a stopped box, as the agent or a stick leaves it there."""

from __future__ import annotations

from appliance.formats.keys import create_centre_identity
from appliance.formats.receipt import Receipt, write_receipt
from appliance.services.centre_receipts import RECEIPTS_FOLDER
from appliance.storage.journals import open_journal
from tests.rig.box_process import BoxProcess


def put_receipt(box: BoxProcess, *, behind: int = 0, is_forged: bool = False) -> None:
    """Write the receipt for all but the last `behind` entries."""
    info = box.journal_info()
    journal = open_journal(info.path, info.key, info.journal_id)
    seq = journal.head_seq - behind
    (row,) = journal.database.execute("SELECT hash FROM entries WHERE seq = ?", [seq]).fetchall()
    receipt = Receipt(
        centre_id=box.centre.id,
        journal_id=info.journal_id,
        epoch=1,
        contiguous_seq=seq,
        head_hash=row[0],
        received_at_ms=1_800_000_000_000,
    )
    journal.database.close()
    signer = create_centre_identity("Other", recovery=bytes(32)) if is_forged else box.centre
    folder = box.folder / RECEIPTS_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{info.journal_id}.1.receipt").write_bytes(write_receipt(receipt, centre=signer))
