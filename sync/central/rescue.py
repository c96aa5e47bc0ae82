"""Rescuing a journal from the disk of a dead box: its file, the copy of its key, the recovery key.

Only whoever holds the centre's recovery key can do this.  The entries were never sealed in bundles,
so nobody has signed them here; their chain is verified from its first link, and the record says
that they came this way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from appliance.domain.journal import chain_start, verify_chain
from appliance.formats.bundle import BundleHeader, one_run
from appliance.formats.keys import RecoveryKey
from appliance.formats.recovery import read_recovery_copy
from appliance.storage.reading import JournalReader
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import write
from sync.central.intake import take_run

ENTRIES_AT_ONCE = 2_000


def rescue_journal(
    centre: Centre, journal: Path, *, copy: bytes, recovery: RecoveryKey, box_id: str, actor: str
) -> dict[str, int]:
    """Take in every entry of a journal file; return how many runs by verdict.

    Raises SealBrokenError for another recovery key, ChainBrokenError where the record was changed,
    BoxUnknownError, and what opening an encrypted database raises.
    """
    find_box(centre, box_id)
    journal_id, key = read_recovery_copy(copy, recovery=recovery)
    verdicts: Counter[str] = Counter()
    previous, seq = chain_start(journal_id), 0
    with JournalReader(journal, key) as reader:
        while run := one_run(reader.entries_after(seq, ENTRIES_AT_ONCE)):
            last_hash = verify_chain(run, previous=previous, after_seq=seq)
            header = BundleHeader(
                box_id=box_id,
                centre_id=centre.identity.id,
                journal_id=journal_id,
                epoch=run[0].epoch,
                first_seq=run[0].seq,
                last_seq=run[-1].seq,
                previous_hash=previous,
                last_hash=last_hash,
            )
            verdicts[take_run(centre, header, run).verdict.value] += 1
            previous, seq = last_hash, run[-1].seq
    with write(centre.engine) as connection:
        centre.record(connection, actor, "journal_rescued", journal_id)
    return dict(verdicts)
