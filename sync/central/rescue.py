"""Rescuing a journal from the disk of a dead box: its file, the copy of its key, the recovery key.

Only whoever holds the centre's recovery key can do this.  The entries were never sealed in bundles,
so nobody has signed them here; their chain is verified from its first link, and the record says
that they came this way.  Where the disk is damaged, the longest intact beginning is taken.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.journal import Entry, chain_start
from appliance.formats.bundle import BundleHeader, one_run
from appliance.formats.keys import RecoveryKey
from appliance.formats.recovery import read_recovery_copy
from appliance.storage.dead_disk import DeadRoom
from sync.central.attachments import keep_file
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import write
from sync.central.intake import take_run


@dataclass(frozen=True, slots=True)
class RescuedJournal:
    """What a disk brought: runs of entries and files of candidates by verdict, and what it lacks.

    `intact_seq` is the last entry that was intact, `promised_seq` the last one that was written,
    where the disk can still tell.
    """

    journal_id: str
    verdicts: dict[str, int]
    files: dict[str, int]
    files_lost: int
    intact_seq: int
    promised_seq: int | None
    cut_short: bool


def rescue_journal(
    centre: Centre, journal: Path, *, copy: bytes, recovery: RecoveryKey, box_id: str, actor: str
) -> RescuedJournal:
    """Take in every intact entry and file of a journal; the disk is only read.

    Raises SealBrokenError for another recovery key, BoxUnknownError, and OSError where the disk
    gives nothing at all.
    """
    find_box(centre, box_id)
    journal_id, key = read_recovery_copy(copy, recovery=recovery)
    verdicts: Counter[str] = Counter()
    files: Counter[str] = Counter()
    previous, seq = chain_start(journal_id), 0
    # Encrypted as it was on the disk, and gone when the rescue is over.
    with tempfile.TemporaryDirectory() as folder:
        room = DeadRoom(journal, key, journal_id, Path(folder))
        for found in room.runs():
            left = found
            while run := one_run(left):
                verdicts[_take(centre, box_id, journal_id, previous, run)] += 1
                previous, seq, left = run[-1].hash, run[-1].seq, left[len(run) :]
        for sha256, data in room.files():
            files[keep_file(centre, (journal_id, sha256), data, box_id=box_id).value] += 1
        promised_seq = room.promised_seq()
    with write(centre.engine) as connection:
        centre.record(connection, actor, "journal_rescued", journal_id)
    return RescuedJournal(
        journal_id,
        dict(verdicts),
        dict(files),
        room.files_lost,
        seq,
        promised_seq,
        room.cut_short,
    )


def _take(
    centre: Centre, box_id: str, journal_id: str, previous: bytes, run: Sequence[Entry]
) -> str:
    header = BundleHeader(
        box_id=box_id,
        centre_id=centre.identity.id,
        journal_id=journal_id,
        epoch=run[0].epoch,
        first_seq=run[0].seq,
        last_seq=run[-1].seq,
        previous_hash=previous,
        last_hash=run[-1].hash,
    )
    return take_run(centre, header, run).verdict.value
