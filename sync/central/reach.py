"""Up to which second the centre has the record of a room: what somebody asks who brings a stick."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select

from sync.central.centre import Centre
from sync.central.database import read
from sync.central.intake import ruling_head
from sync.central.tables import rooms


def record_reach(centre: Centre, journal_ids: Collection[str]) -> list[dict[str, object]]:
    """Return for each of these room sessions its name, its newest entry and when that was."""
    found: list[dict[str, object]] = []
    with read(centre.engine) as connection:
        named = connection.execute(
            select(rooms.c.journal_id, rooms.c.room)
            .where(rooms.c.journal_id.in_(sorted(journal_ids)))
            .order_by(rooms.c.journal_id)
        ).all()
        for journal_id, room in named:
            head = ruling_head(connection, journal_id)
            if head is not None:
                until = datetime.fromtimestamp(head[1] / 1000, UTC)
                found.append(
                    {
                        "journal_id": journal_id,
                        "room": room,
                        "entries": head[0],
                        "until": until.isoformat(timespec="seconds"),
                    }
                )
    return found
