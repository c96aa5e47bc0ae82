"""What a box has and the one that leads may not: entries after the last that both have.

An overtaken box wrote them itself.  A follower has them from a leader that is gone, when a follower
that had less was taken over; they may be what makes "in two places" true.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.box_commands import Stray
from appliance.domain.journal import Entry
from appliance.domain.revisions import ResponseValue, decode_revision
from appliance.formats.bundle import one_run
from appliance.formats.strays import STRAYS_MAX
from appliance.services.box import Box
from appliance.services.follow import not_leading
from appliance.storage.box_store import JournalRecord
from appliance.storage.journal_queries import JournalQueries
from appliance.storage.journals import set_aside
from appliance.storage.reading import JournalReader, journal_path

BYTES_AT_ONCE = 4 * 1024 * 1024


def strays(box: Box, record: JournalRecord, after_seq: int) -> Iterator[tuple[int, list[Stray]]]:
    """Yield (epoch, entries) that follow `after_seq` here, in order, a bounded amount at a time."""
    path, key = journal_path(box.settings.data_dir, record.journal_id), record.journal_key or b""
    queries = JournalQueries(path, key)
    with JournalReader(path, key) as reader:
        while entries := one_run(reader.entries_after(after_seq, STRAYS_MAX)):
            some: list[Stray] = []
            size = 0
            for entry in entries:
                one = _stray(queries, entry)
                size += len(str(one.value)) * 4 + len(entry.body)
                if some and size > BYTES_AT_ONCE:
                    break
                some.append(one)
            yield entries[0].epoch, some
            after_seq = some[-1].seq


def _stray(queries: JournalQueries, entry: Entry) -> Stray:
    body = entry.decoded_body()
    value: ResponseValue = None
    if entry.kind == "response_saved":
        value = queries.value_at(entry.seq)
    elif entry.kind == "response_kept_aside":
        value = decode_revision(None, body)
    return Stray(entry.seq, entry.at_ms, entry.kind, entry.actor, entry.subject, body, value)


def become_follower(box: Box, record: JournalRecord, common_seq: int) -> None:
    """Note that all after `common_seq` was handed over.

    A record that went its own way after it is set aside, never deleted.
    """
    path = journal_path(box.settings.data_dir, record.journal_id)
    with not_leading(box) as may_follow:
        if not may_follow:
            return
        if path.exists():
            with JournalReader(path, record.journal_key or b"") as reader:
                head = reader.head()
            if head is not None and head[1] > common_seq:
                set_aside(path)
        # Else the power went here the last time, when it had been set aside and not yet noted.
        box.store.note_handed_over(record.journal_id, box.clock.wall_ms())
        box.store.follow(record.journal_id)
