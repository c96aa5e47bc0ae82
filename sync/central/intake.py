"""Taking bundles in: each entry once, whatever order and however often they come.

An epoch's entries are taken only where they continue what is there, so that what is stored is
always one unbroken run.  Nothing stored is ever overwritten: a different entry under a known number
becomes a conflict that a person sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from appliance.domain.journal import Entry, chain_start, link
from appliance.formats.bundle import BundleHeader, open_bundle, read_bundle_header
from appliance.formats.keys import PublicIdentity
from appliance.formats.receipt import Receipt, write_receipt
from sync.central.centre import Centre
from sync.central.database import insert_missing, put, write
from sync.central.projection import Fold, empty_journal
from sync.central.tables import conflicts, entries, epochs, rooms

READ_AT_ONCE = 2_000


class Verdict(StrEnum):
    """What became of a bundle."""

    STORED = "stored"
    ALREADY = "already"
    GAP = "gap"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Intake:
    """The centre's reply to a bundle; `receipt` only where the epoch is known."""

    verdict: Verdict
    expected_seq: int
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class _Head:
    """Up to where an epoch is stored."""

    continues_seq: int
    seq: int
    hash: bytes


def take_bundle(centre: Centre, data: bytes, *, box: PublicIdentity) -> Intake:
    """Verify and store a bundle by `box`; raises what `open_bundle` raises.

    All of it is durable when this returns, and all of it or nothing.
    """
    header = read_bundle_header(data)
    return take_run(centre, header, open_bundle(data, centre=centre.identity, box=box))


def take_run(centre: Centre, header: BundleHeader, offered: Sequence[Entry]) -> Intake:
    """Store a run of entries whose chain was verified from `header.previous_hash` on."""
    with write(centre.engine) as connection:
        head = _locked_head(connection, header)
        if head is None or header.first_seq > head.seq + 1:
            return _gap(connection, header, head)
        differing = _differing(connection, header, head, offered)
        if differing is not None:
            _note_conflict(centre, connection, header, differing)
            return Intake(Verdict.CONFLICT, head.seq + 1, None)
        fresh = [entry for entry in offered if entry.seq > head.seq]
        if fresh:
            _store(centre, connection, header, fresh)
            head = _Head(head.continues_seq, fresh[-1].seq, fresh[-1].hash)
            _put_head(centre, connection, header, head)
            _fold(connection, header, fresh)
        receipt = _receipt(centre, header, head)
    return Intake(Verdict.STORED if fresh else Verdict.ALREADY, head.seq + 1, receipt)


def fold_anew(centre: Centre, journal_id: str) -> None:
    """Rebuild what is folded of one journal from its entries."""
    with write(centre.engine) as connection:
        _refold(connection, journal_id)


def ruling_entries(connection: Connection, journal_id: str) -> Iterator[Entry]:
    """Yield a journal's entries as they count: the highest epoch, and what it goes back to."""
    known = {
        row[0]: (row[1], row[2])
        for row in connection.execute(
            select(epochs.c.epoch, epochs.c.continues_seq, epochs.c.contiguous_seq).where(
                epochs.c.journal_id == journal_id
            )
        )
    }
    course: list[tuple[int, int, int]] = []
    epoch = max(known, default=None)
    last_seq = known[epoch][1] if epoch is not None else 0
    while epoch is not None:
        continues_seq = known[epoch][0]
        course.append((epoch, continues_seq, last_seq))
        lower = [one for one in known if one < epoch]
        epoch = _continued(connection, journal_id, (epoch, continues_seq), lower)
        last_seq = continues_seq
    for epoch, continues_seq, last_seq in reversed(course):
        yield from _entries_between(connection, (journal_id, epoch), continues_seq, last_seq)


def _continued(
    connection: Connection, journal_id: str, begun: tuple[int, int], lower: Sequence[int]
) -> int | None:
    """Return which of the lower epochs an epoch continues, by the link of its first entry.

    Two boxes that were apart may each have gone on from another one's entry under the same number.
    """
    epoch, continues_seq = begun
    if continues_seq == 0:
        return None
    first = next(
        _entries_between(connection, (journal_id, epoch), continues_seq, continues_seq + 1)
    )
    for one in lower:
        place = (journal_id, one)
        for before in _entries_between(connection, place, continues_seq - 1, continues_seq):
            if link(before.hash, first) == first.hash:
                return one
    return None


def ruling_head(connection: Connection, journal_id: str) -> tuple[int, int] | None:
    """Return (seq, at_ms) of the newest entry of the epoch that rules, or None."""
    row = connection.execute(
        select(entries.c.seq, entries.c.at_ms)
        .where(entries.c.journal_id == journal_id)
        .order_by(entries.c.epoch.desc(), entries.c.seq.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _locked_head(connection: Connection, header: BundleHeader) -> _Head | None:
    """Return how far the epoch is stored, locked until the commit, or None where it cannot begin.

    The first epoch continues nothing; a later one continues an entry of an epoch before it.
    """
    row = connection.execute(
        select(epochs.c.continues_seq, epochs.c.contiguous_seq, epochs.c.head_hash)
        .where(epochs.c.journal_id == header.journal_id, epochs.c.epoch == header.epoch)
        .with_for_update()
    ).one_or_none()
    if row is not None:
        return _Head(row[0], row[1], bytes(row[2]))
    if header.epoch == 1:
        return _Head(0, 0, chain_start(header.journal_id))
    continued = connection.execute(
        select(entries.c.seq)
        .where(
            entries.c.journal_id == header.journal_id,
            entries.c.epoch < header.epoch,
            entries.c.seq == header.first_seq - 1,
            entries.c.hash == header.previous_hash,
        )
        .limit(1)
    ).scalar_one_or_none()
    return None if continued is None else _Head(continued, continued, header.previous_hash)


def _gap(connection: Connection, header: BundleHeader, head: _Head | None) -> Intake:
    """Say what is expected next.  Nothing is stored; the sender still has it."""
    if head is not None:
        return Intake(Verdict.GAP, head.seq + 1, None)
    reached = connection.execute(
        select(epochs.c.contiguous_seq)
        .where(epochs.c.journal_id == header.journal_id)
        .order_by(epochs.c.contiguous_seq.desc())
        .limit(1)
    ).scalar_one_or_none()
    return Intake(Verdict.GAP, min(reached or 0, header.first_seq - 1) + 1, None)


def _differing(
    connection: Connection, header: BundleHeader, head: _Head, offered: Sequence[Entry]
) -> Entry | None:
    """Return the first offered entry that is not the one stored under its number."""
    known_last = min(head.seq, header.last_seq)
    rows = connection.execute(
        select(entries.c.seq, entries.c.hash).where(
            entries.c.journal_id == header.journal_id,
            entries.c.epoch == header.epoch,
            entries.c.seq.between(header.first_seq, known_last),
        )
    ).all()
    known = {seq: bytes(digest) for seq, digest in rows}
    for entry in offered:
        if entry.seq <= head.seq and known.get(entry.seq) != entry.hash:
            return entry
    if header.first_seq == head.seq + 1 and header.previous_hash != head.hash:
        return offered[0]
    return None


def _store(
    centre: Centre, connection: Connection, header: BundleHeader, fresh: Sequence[Entry]
) -> None:
    now_ms = centre.clock.wall_ms()
    rows = [
        {
            "journal_id": header.journal_id,
            "epoch": entry.epoch,
            "seq": entry.seq,
            "at_ms": entry.at_ms,
            "kind": entry.kind,
            "actor": entry.actor,
            "subject": entry.subject,
            "body": entry.body,
            "hash": entry.hash,
            "delivered_by": header.box_id,
            "received_at_ms": now_ms,
        }
        for entry in fresh
    ]
    connection.execute(entries.insert(), rows)


def _put_head(centre: Centre, connection: Connection, header: BundleHeader, head: _Head) -> None:
    row = {
        "journal_id": header.journal_id,
        "epoch": header.epoch,
        "continues_seq": head.continues_seq,
        "contiguous_seq": head.seq,
        "head_hash": head.hash,
        "box_id": header.box_id,
        "received_at_ms": centre.clock.wall_ms(),
    }
    put(connection, epochs, [row])


def _fold(connection: Connection, header: BundleHeader, fresh: Sequence[Entry]) -> None:
    """Fold what continues; fold anew where an epoch begins or an overtaken one grows."""
    ruling = connection.execute(
        select(rooms.c.epoch).where(rooms.c.journal_id == header.journal_id)
    ).scalar_one_or_none()
    is_first = fresh[0].seq == 1
    if not is_first and ruling != header.epoch:
        _refold(connection, header.journal_id)
        return
    fold = Fold(connection, header.journal_id, header.box_id)
    fold.add(fresh)
    fold.save()


def _refold(connection: Connection, journal_id: str) -> None:
    box_id = connection.execute(
        select(epochs.c.box_id)
        .where(epochs.c.journal_id == journal_id)
        .order_by(epochs.c.epoch.desc())
        .limit(1)
    ).scalar_one()
    empty_journal(connection, journal_id)
    fold = Fold(connection, journal_id, box_id)
    fold.add(ruling_entries(connection, journal_id))
    fold.save()


def _entries_between(
    connection: Connection, epoch: tuple[str, int], after_seq: int, last_seq: int
) -> Iterator[Entry]:
    columns = entries.c
    while after_seq < last_seq:
        rows = connection.execute(
            select(
                columns.epoch, columns.seq, columns.at_ms, columns.kind,
                columns.actor, columns.subject, columns.body, columns.hash,
            )
            .where(
                columns.journal_id == epoch[0],
                columns.epoch == epoch[1],
                columns.seq > after_seq,
                columns.seq <= last_seq,
            )
            .order_by(columns.seq)
            .limit(READ_AT_ONCE)
        ).all()  # fmt: skip
        if not rows:
            return
        yield from (Entry(*row) for row in rows)
        after_seq = rows[-1].seq


def _note_conflict(
    centre: Centre, connection: Connection, header: BundleHeader, offered: Entry
) -> None:
    row = {
        "journal_id": header.journal_id,
        "epoch": header.epoch,
        "seq": offered.seq,
        "box_id": header.box_id,
        "offered_hash": offered.hash.hex(),
        "offered": offered.body.encode(),
        "at_ms": centre.clock.wall_ms(),
    }
    insert_missing(connection, conflicts, [row])


def _receipt(centre: Centre, header: BundleHeader, head: _Head) -> bytes:
    receipt = Receipt(
        centre_id=centre.identity.id,
        journal_id=header.journal_id,
        epoch=header.epoch,
        contiguous_seq=head.seq,
        head_hash=head.hash,
        received_at_ms=centre.clock.wall_ms(),
    )
    return write_receipt(receipt, centre=centre.identity)
