"""Whether a candidate who was not on the roster counts: an administrator at the centre says."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, select, update

from appliance.domain.errors import NotFoundError
from sync.central.centre import Centre
from sync.central.database import Row, put, write
from sync.central.projection import next_change_no
from sync.central.tables import attempts, walk_in_decisions

AttemptKey = tuple[str, str]
"""(journal_id, attempt_id)"""


class WalkIn(StrEnum):
    """How a walk-in stands."""

    PROVISIONAL = "provisional"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class WalkInUnknownError(NotFoundError):
    """No such provisional candidate in this sitting."""

    key = "walk_in_unknown"
    staff_message = "There is no such walk-in in this sitting."


def decide_walk_in(
    centre: Centre, sitting_id: str, attempt: AttemptKey, *, is_accepted: bool, actor: str
) -> None:
    """Accept or decline a walk-in; the newest decision counts, and each is on the record."""
    journal_id, attempt_id = attempt
    own = (attempts.c.journal_id == journal_id, attempts.c.attempt_id == attempt_id)
    row = {
        "journal_id": journal_id,
        "attempt_id": attempt_id,
        "is_accepted": is_accepted,
        "decided_by": actor,
        "decided_at_ms": centre.clock.wall_ms(),
    }
    with write(centre.engine) as connection:
        found = connection.execute(
            select(attempts.c.attempt_id).where(
                *own, attempts.c.sitting_id == sitting_id, attempts.c.is_provisional
            )
        ).one_or_none()
        if found is None:
            raise WalkInUnknownError
        put(connection, walk_in_decisions, [row])
        # So that systems which follow the cursor see it.
        change_no = next_change_no(connection)
        connection.execute(update(attempts).where(*own).values(change_no=change_no))
        action = "walk_in_accepted" if is_accepted else "walk_in_declined"
        centre.record(connection, actor, action, f"{sitting_id} {attempt_id}")


def decisions_of(connection: Connection, journal_ids: set[str]) -> dict[AttemptKey, bool]:
    """Return by attempt whether it was accepted, where somebody decided."""
    rows = connection.execute(
        select(
            walk_in_decisions.c.journal_id,
            walk_in_decisions.c.attempt_id,
            walk_in_decisions.c.is_accepted,
        ).where(walk_in_decisions.c.journal_id.in_(sorted(journal_ids)))
    )
    return {(row[0], row[1]): bool(row[2]) for row in rows}


def standing_of(attempt: Row, decisions: dict[AttemptKey, bool]) -> WalkIn | None:
    """Return how an attempt stands, or None for a candidate of the roster."""
    if not attempt["is_provisional"]:
        return None
    decided = decisions.get((attempt["journal_id"], attempt["attempt_id"]))
    if decided is None:
        return WalkIn.PROVISIONAL
    return WalkIn.ACCEPTED if decided else WalkIn.DECLINED
