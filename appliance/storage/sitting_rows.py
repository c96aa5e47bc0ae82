"""A sitting as a row of its table, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from appliance.domain.locked_browser import LockedBrowser
from appliance.domain.room import Sitting
from appliance.domain.states import SittingState

Row = tuple[Any, ...]


def sitting_row(one: Sitting) -> Row:
    """Return the row of a sitting."""
    return (
        one.sitting_id,
        one.title,
        one.package_id,
        one.duration_seconds,
        one.planned_start_at_ms,
        one.state.value,
        one.released_by,
        one.started_at_ms,
        one.ended_at_ms,
        None if one.locked_browser is None else json.dumps(asdict(one.locked_browser)),
    )


def sitting_from(row: Row) -> Sitting:
    """Return the sitting of a row."""
    asked = None if row[9] is None else json.loads(row[9])
    return Sitting(
        sitting_id=row[0],
        title=row[1],
        package_id=row[2],
        duration_seconds=row[3],
        planned_start_at_ms=row[4],
        state=SittingState(row[5]),
        released_by=row[6],
        started_at_ms=row[7],
        ended_at_ms=row[8],
        locked_browser=None if asked is None else _locked_browser_from(asked),
    )


def _locked_browser_from(fields: dict[str, Any]) -> LockedBrowser:
    # JSON has lists only, and settings are made from what compares by value.
    lists = {name: tuple(one) for name, one in fields.items() if isinstance(one, list)}
    return LockedBrowser(**{**fields, **lists})
