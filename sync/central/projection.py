"""Folding entries into rooms, sittings, attempts and current responses.

The same fold runs as entries arrive and when everything is folded anew.  An entry that this version
cannot read is counted and passed over: it is stored all the same, and a later version folds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from appliance.domain.errors import CorruptionError
from appliance.domain.journal import Entry
from appliance.domain.revisions import decode_revision
from appliance.domain.states import AttemptState, SittingState
from sync.central.database import put
from sync.central.tables import attempts, change_counter, responses, room_sittings, rooms

Body = dict[str, Any]
Key = tuple[str, ...]

SITTING_STATES: Mapping[str, SittingState] = MappingProxyType(
    {
        "package_loaded": SittingState.LOADED,
        "exam_released": SittingState.RELEASED,
        "sitting_started": SittingState.RUNNING,
        "sitting_paused": SittingState.PAUSED,
        "sitting_resumed": SittingState.RUNNING,
        "sitting_ended": SittingState.ENDED,
        "sitting_sealed": SittingState.SEALED,
    }
)
ATTEMPT_STATES: Mapping[str, AttemptState] = MappingProxyType(
    {
        "candidate_checked_in": AttemptState.ADMITTED,
        "check_in_undone": AttemptState.EXPECTED,
        "candidate_absent": AttemptState.ABSENT,
        "attempt_started": AttemptState.WRITING,
        "attempt_suspended": AttemptState.SUSPENDED,
        "attempt_resumed": AttemptState.WRITING,
        "attempt_reopened": AttemptState.WRITING,
        "continued_on_paper": AttemptState.ON_PAPER,
        "attempt_submitted": AttemptState.SUBMITTED,
        "attempt_closed": AttemptState.CLOSED,
    }
)
_ROW_TABLES = (rooms, room_sittings, attempts, responses)


class Fold:
    """Adds entries of one journal to its rows, which are read once and written at the end."""

    def __init__(self, connection: Connection, journal_id: str, box_id: str) -> None:
        self._connection = connection
        self.journal_id = journal_id
        self._box_id = box_id
        self._rows: dict[str, dict[Key, dict[str, Any]]] = {table.name: {} for table in _ROW_TABLES}

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries in their order."""
        for entry in entries:
            room = self.room()
            room["epoch"] = max(room["epoch"], entry.epoch)
            try:
                body = json.loads(entry.body)
                _change(self, entry, body)
            except (KeyError, TypeError, ValueError, CorruptionError):
                room["unread_count"] += 1

    def save(self) -> None:
        """Write the changed rows; attempts get the next change number for the cursor."""
        change_no = next_change_no(self._connection)
        for row in self._rows[attempts.name].values():
            row["change_no"] = change_no
        for table in _ROW_TABLES:
            put(self._connection, table, list(self._rows[table.name].values()))

    def room(self) -> dict[str, Any]:
        """Return the row of the room session."""
        found = self.find(rooms, self.journal_id)
        if found is None:
            found = self.add_row(
                rooms,
                {
                    "journal_id": self.journal_id,
                    "room": "",
                    "box_id": self._box_id,
                    "is_practice": False,
                    "epoch": 1,
                    "opened_at_ms": None,
                    "sealed_at_ms": None,
                    "unread_count": 0,
                },
            )
        return found

    def find(self, table: Table, *key: str) -> dict[str, Any] | None:
        """Return a row to change, or None."""
        known = self._rows[table.name].get(key)
        if known is not None:
            return known
        where = [column == part for column, part in zip(table.primary_key, key, strict=True)]
        row = self._connection.execute(select(table).where(*where)).mappings().one_or_none()
        return None if row is None else self.add_row(table, dict(row))

    def add_row(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """Note a row to be written."""
        self._rows[table.name][tuple(str(row[column.name]) for column in table.primary_key)] = row
        return row

    def attempt(self, attempt_id: str) -> dict[str, Any]:
        """Return an attempt's row; raises KeyError for one that was never created."""
        row = self.find(attempts, self.journal_id, attempt_id)
        if row is None:
            raise KeyError(attempt_id)
        return row


def empty_journal(connection: Connection, journal_id: str) -> None:
    """Delete what was folded of a journal, to fold it anew.  Its entries stay."""
    for table in _ROW_TABLES:
        connection.execute(delete(table).where(table.c.journal_id == journal_id))


def next_change_no(connection: Connection) -> int:
    """Count on.  The row stays locked until the commit, so numbers appear in their order."""
    connection.execute(update(change_counter).values(change_no=change_counter.c.change_no + 1))
    return int(connection.execute(select(change_counter.c.change_no)).scalar_one())


def _change(fold: Fold, entry: Entry, body: Body) -> None:
    if entry.kind in SITTING_STATES:
        _move_sitting(fold, entry)
    elif entry.kind in ATTEMPT_STATES:
        _move_attempt(fold, entry, body)
    elif entry.kind in _CHANGES:
        _CHANGES[entry.kind](fold, entry, body)


def _room_session_opened(fold: Fold, entry: Entry, body: Body) -> None:
    fold.room().update(
        room=str(body["room"]), is_practice=bool(body.get("practice")), opened_at_ms=entry.at_ms
    )


def _room_session_sealed(fold: Fold, entry: Entry, _body: Body) -> None:
    fold.room().update(sealed_at_ms=entry.at_ms)


def _sitting_created(fold: Fold, entry: Entry, body: Body) -> None:
    fold.add_row(
        room_sittings,
        {
            "journal_id": fold.journal_id,
            "sitting_id": entry.subject,
            "title": str(body["title"]),
            "package_id": str(body["package_id"]),
            "state": SittingState.PLANNED.value,
            "started_at_ms": None,
            "ended_at_ms": None,
        },
    )


def _move_sitting(fold: Fold, entry: Entry) -> None:
    row = fold.find(room_sittings, fold.journal_id, entry.subject)
    if row is None:
        raise KeyError(entry.subject)
    state = SITTING_STATES[entry.kind]
    row["state"] = state.value
    if entry.kind == "sitting_started":
        row["started_at_ms"] = entry.at_ms
    if state is SittingState.ENDED:
        row["ended_at_ms"] = entry.at_ms


def _attempt_created(fold: Fold, entry: Entry, body: Body) -> None:
    fold.add_row(
        attempts,
        {
            "journal_id": fold.journal_id,
            "attempt_id": entry.subject,
            "sitting_id": str(body["sitting_id"]),
            "candidate_id": str(body["candidate_id"]),
            "number": str(body["number"]),
            "given_name": str(body["given_name"]),
            "family_name": str(body["family_name"]),
            "anonymous_code": str(body["anonymous_code"]),
            "seat": _text_or_none(body.get("seat")),
            "is_provisional": "declaration" in body,
            "state": AttemptState.EXPECTED.value,
            "started_at_ms": None,
            "submitted_at_ms": None,
            "extended_seconds": 0,
            "seq": entry.seq,
            "change_no": 0,
        },
    )


def _move_attempt(fold: Fold, entry: Entry, body: Body) -> None:
    row = fold.attempt(entry.subject)
    row["state"], row["seq"] = ATTEMPT_STATES[entry.kind].value, entry.seq
    if entry.kind == "candidate_checked_in":
        row["seat"] = _text_or_none(body.get("seat")) or row["seat"]
    elif entry.kind == "attempt_started":
        row["started_at_ms"] = entry.at_ms
    elif entry.kind == "attempt_submitted":
        row["submitted_at_ms"] = entry.at_ms
    elif entry.kind == "attempt_reopened":
        row["submitted_at_ms"] = None


def _time_extended(fold: Fold, entry: Entry, body: Body) -> None:
    row = fold.attempt(entry.subject)
    row["extended_seconds"] += int(body["seconds"])
    row["seq"] = entry.seq


def _response_saved(fold: Fold, entry: Entry, body: Body) -> None:
    fold.attempt(entry.subject)["seq"] = entry.seq
    item_id, response_id = str(body["i"]), str(body["r"])
    known = fold.find(responses, fold.journal_id, entry.subject, item_id, response_id)
    previous = json.loads(known["value"]) if known else None
    value = decode_revision(previous, body)
    fold.add_row(
        responses,
        {
            "journal_id": fold.journal_id,
            "attempt_id": entry.subject,
            "item_id": item_id,
            "response_id": response_id,
            "value": json.dumps(value, ensure_ascii=False, separators=(",", ":")),
            "revision_no": int(body["n"]),
            "saved_at_ms": entry.at_ms,
            "seq": entry.seq,
            "is_late": "late" in body,
        },
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


_CHANGES: Mapping[str, Callable[[Fold, Entry, Body], None]] = MappingProxyType(
    {
        "room_session_opened": _room_session_opened,
        "room_session_sealed": _room_session_sealed,
        "sitting_created": _sitting_created,
        "attempt_created": _attempt_created,
        "time_extended": _time_extended,
        "response_saved": _response_saved,
    }
)
