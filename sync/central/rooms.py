"""Rooms as the centre sees them: what has arrived, how far it is, and what wants a look."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from appliance.domain.errors import NotFoundError
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, read, write
from sync.central.tables import attempts, boxes, conflicts, entries, epochs, room_sittings, rooms

SILENT_AFTER_MS = 60_000
LISTED_MAX = 500


class ConflictUnknownError(NotFoundError):
    """No such conflict."""

    key = "conflict_unknown"
    staff_message = "There is no such conflict."


def list_rooms(centre: Centre, *, only_open: bool) -> list[dict[str, Any]]:
    """Return room sessions, those with trouble first, each with its sittings and counts."""
    now_ms = centre.clock.wall_ms()
    with read(centre.engine) as connection:
        statement = (
            select(
                rooms,
                boxes.c.name.label("box_name"),
                boxes.c.contact_at_ms,
                epochs.c.contiguous_seq,
                epochs.c.received_at_ms,
            )
            .join(
                epochs,
                and_(epochs.c.journal_id == rooms.c.journal_id, epochs.c.epoch == rooms.c.epoch),
            )
            .outerjoin(boxes, boxes.c.box_id == rooms.c.box_id)
            .order_by(rooms.c.opened_at_ms.desc())
            .limit(LISTED_MAX)
        )
        if only_open:
            statement = statement.where(rooms.c.sealed_at_ms.is_(None))
        found = [dict(row) for row in connection.execute(statement).mappings()]
        sittings = all_rows(connection, select(room_sittings))
        counts = connection.execute(
            select(attempts.c.journal_id, attempts.c.sitting_id, attempts.c.state, func.count())
            .group_by(attempts.c.journal_id, attempts.c.sitting_id, attempts.c.state)
        ).all()  # fmt: skip
        conflict_counts = open_conflict_counts(connection)
    by_sitting: dict[tuple[str, str], dict[str, int]] = {}
    for journal_id, sitting_id, state, count in counts:
        by_sitting.setdefault((journal_id, sitting_id), {})[state] = count
    for room in found:
        journal_id = room["journal_id"]
        room["sittings"] = [
            {**row, "counts": by_sitting.get((journal_id, row["sitting_id"]), {})}
            for row in sittings
            if row["journal_id"] == journal_id
        ]
        room["conflict_count"] = conflict_counts.get(journal_id, 0)
        room["is_silent"] = _is_silent(room, now_ms)
    return sorted(found, key=_calm)


def open_conflict_counts(connection: Connection) -> dict[str, int]:
    """Return how many conflicts wait for a person, by journal_id."""
    rows = connection.execute(
        select(conflicts.c.journal_id, func.count())
        .where(conflicts.c.settled_at_ms.is_(None))
        .group_by(conflicts.c.journal_id)
    )
    return {row[0]: row[1] for row in rows}


def list_conflicts(centre: Centre) -> list[Row]:
    """Return all conflicts with the entry that is stored, open ones first."""
    with read(centre.engine) as connection:
        return all_rows(
            connection,
            select(conflicts, entries.c.kind, entries.c.hash, rooms.c.room)
            .outerjoin(
                entries,
                and_(
                    entries.c.journal_id == conflicts.c.journal_id,
                    entries.c.epoch == conflicts.c.epoch,
                    entries.c.seq == conflicts.c.seq,
                ),
            )
            .outerjoin(rooms, rooms.c.journal_id == conflicts.c.journal_id)
            .order_by(conflicts.c.settled_at_ms.is_not(None), conflicts.c.at_ms.desc())
            .limit(LISTED_MAX),
        )


def settle_conflict(centre: Centre, conflict_no: int, *, actor: str) -> None:
    """Note who has looked into a conflict; raises ConflictUnknownError."""
    with write(centre.engine) as connection:
        changed = connection.execute(
            update(conflicts)
            .where(conflicts.c.conflict_no == conflict_no)
            .values(settled_by=actor, settled_at_ms=centre.clock.wall_ms())
        )
        if changed.rowcount != 1:
            raise ConflictUnknownError
        centre.record(connection, actor, "conflict_settled", str(conflict_no))


def _is_silent(room: Row, now_ms: int) -> bool:
    """Say whether an open room has not been heard from; it needs no centre, so that is a note."""
    contact = room["contact_at_ms"]
    return room["sealed_at_ms"] is None and (contact is None or now_ms - contact > SILENT_AFTER_MS)


def _calm(room: Row) -> tuple[bool, bool, str]:
    return room["conflict_count"] == 0, not room["is_silent"], room["room"]
