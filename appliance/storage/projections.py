"""The state of a room session as tables: writing what was touched, and reading it all back."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import astuple
from typing import Any

from sqlite_utils import Database

from appliance.domain.candidates import Accommodation
from appliance.domain.evolve import conduct
from appliance.domain.journal import Entry
from appliance.domain.lost_time import LostTime
from appliance.domain.room import (
    Attempt,
    Client,
    CurrentResponse,
    Irregularity,
    ItemMark,
    KeptAside,
    Message,
    ResponseKey,
    RoomBox,
    RoomSession,
    RoomState,
)
from appliance.domain.states import AttemptState
from appliance.domain.time_accounts import TimeAccount
from appliance.storage.journal_schema import PROJECTION_TABLES
from appliance.storage.sitting_rows import sitting_from, sitting_row

RESPONSES_KEPT_MAX = 8192
"""How many current responses stay in memory; the others are read when they are needed."""

Row = tuple[Any, ...]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _response_row(state: RoomState, key: Any) -> Row:
    one = state.responses[key]
    return (
        *key,
        _json(one.value),
        one.revision_no,
        one.splice_count,
        one.seq,
        one.client_id,
        one.change_no,
        one.saved_at_ms,
        one.late,
    )


def _response_from(row: Row) -> CurrentResponse:
    value, revision_no, splice_count, seq, client_id, change_no, saved_at_ms, late = row
    return CurrentResponse(
        json.loads(value),
        revision_no,
        splice_count,
        seq,
        client_id,
        change_no,
        saved_at_ms,
        late=bool(late),
    )


_RESPONSE_COLUMNS = "value, revision_no, splice_count, seq, client_id, change_no, saved_at_ms, late"


class StoredResponses(MutableMapping[ResponseKey, CurrentResponse]):
    """Current responses: those in use in memory, all of them in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[ResponseKey, CurrentResponse] = OrderedDict()

    def __getitem__(self, key: ResponseKey) -> CurrentResponse:
        kept = self._kept.get(key)
        if kept is None:
            row = self._database.conn.execute(
                f"SELECT {_RESPONSE_COLUMNS} FROM current_responses "
                "WHERE attempt_id = ? AND item_id = ? AND response_id = ?",
                key,
            ).fetchone()
            if row is None:
                raise KeyError(key)
            kept = self._kept[key] = _response_from(row)
        else:
            self._kept.move_to_end(key)
        return kept

    def __setitem__(self, key: ResponseKey, value: CurrentResponse) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)

    def __delitem__(self, key: ResponseKey) -> None:
        raise TypeError("responses are never removed")

    def __iter__(self) -> Iterator[ResponseKey]:
        yield from self._database.conn.execute(
            "SELECT attempt_id, item_id, response_id FROM current_responses"
        ).fetchall()

    def __len__(self) -> int:
        return int(
            self._database.conn.execute("SELECT count(*) FROM current_responses").fetchone()[0]
        )

    def trim(self) -> None:
        """Let go of what was used longest ago.  Only after all of it has been written."""
        while len(self._kept) > RESPONSES_KEPT_MAX:
            self._kept.popitem(last=False)


def _session_row(state: RoomState, _key: object) -> Row:
    return astuple(state.session)


def _attempt_row(state: RoomState, key: object) -> Row:
    one = state.attempts[str(key)]
    return (
        one.attempt_id,
        one.sitting_id,
        one.candidate_id,
        one.number,
        one.given_name,
        one.family_name,
        one.anonymous_code,
        one.code_hash,
        _json([astuple(accommodation) for accommodation in one.accommodations]),
        one.account.allotted_seconds,
        one.account.used_ms,
        one.account.counting_since_ms,
        one.state.value,
        one.seat,
        one.provisional,
        one.client_id,
        one.waiting_client_id,
        one.extended_seconds,
        one.checked_in_by,
        one.started_at_ms,
        one.submitted_at_ms,
        one.submitted_by,
        one.submitted_clock_ms,
        one.submitted_seq,
        one.help_asked_at_ms,
        one.lost_at_ms,
        one.away_seconds,
        one.replaced_count,
    )


def _attempt_from(row: Row) -> Attempt:
    return Attempt(
        attempt_id=row[0],
        sitting_id=row[1],
        candidate_id=row[2],
        number=row[3],
        given_name=row[4],
        family_name=row[5],
        anonymous_code=row[6],
        code_hash=row[7],
        accommodations=[Accommodation(*one) for one in json.loads(row[8])],
        account=TimeAccount(row[9], row[10], row[11]),
        state=AttemptState(row[12]),
        seat=row[13],
        provisional=bool(row[14]),
        client_id=row[15],
        waiting_client_id=row[16],
        extended_seconds=row[17],
        checked_in_by=row[18],
        started_at_ms=row[19],
        submitted_at_ms=row[20],
        submitted_by=row[21],
        submitted_clock_ms=row[22],
        submitted_seq=row[23],
        help_asked_at_ms=row[24],
        lost_at_ms=row[25],
        away_seconds=row[26],
        replaced_count=row[27],
    )


def _kept_aside_row(state: RoomState, key: object) -> Row:
    one = astuple(state.kept_aside[str(key)])
    return (*one[:4], _json(one[4]), *one[5:])


def _client_row(state: RoomState, key: Any) -> Row:
    one = state.clients[key]
    return (*key, one.token_hash, one.acknowledged_change_no, one.saved_at_ms, one.has_held)


def _upsert(table: str, key: str, columns: str) -> str:
    """Return the statement that puts a row there or brings it up to date."""
    names = columns.split()
    keys = key.split()
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


_TABLES: dict[str, tuple[str, Callable[[RoomState, Any], Row]]] = {
    "session": (
        _upsert(
            "session",
            "journal_id",
            "journal_id room practice opened_at_ms opened_by sealed_at_ms clock_ms tick_at_ms "
            "tick_monotonic_ms boot_id checkpoint_seq",
        ),
        _session_row,
    ),
    "sittings": (
        _upsert(
            "sittings",
            "sitting_id",
            "sitting_id title package_id duration_seconds planned_start_at_ms state released_by "
            "started_at_ms ended_at_ms locked_browser",
        ),
        lambda state, key: sitting_row(state.sittings[key]),
    ),
    "attempts": (
        _upsert(
            "attempts",
            "attempt_id",
            "attempt_id sitting_id candidate_id number given_name family_name anonymous_code "
            "code_hash accommodations allotted_seconds used_ms counting_since_ms state seat "
            "provisional client_id waiting_client_id extended_seconds checked_in_by started_at_ms "
            "submitted_at_ms submitted_by submitted_clock_ms submitted_seq help_asked_at_ms "
            "lost_at_ms away_seconds replaced_count",
        ),
        _attempt_row,
    ),
    "clients": (
        _upsert(
            "clients",
            "attempt_id client_id",
            "attempt_id client_id token_hash acknowledged_change_no saved_at_ms has_held",
        ),
        _client_row,
    ),
    "responses": (
        _upsert(
            "current_responses",
            "attempt_id item_id response_id",
            "attempt_id item_id response_id value revision_no splice_count seq client_id "
            "change_no saved_at_ms late",
        ),
        _response_row,
    ),
    "kept_aside": (
        _upsert(
            "kept_aside",
            "kept_id",
            "kept_id attempt_id item_id response_id value reason client_id change_no kept_at_ms "
            "decision",
        ),
        _kept_aside_row,
    ),
    "messages": (
        _upsert(
            "messages",
            "message_id",
            "message_id sitting_id attempt_id text sent_at_ms sent_by",
        ),
        lambda state, key: astuple(state.messages[key]),
    ),
    "irregularities": (
        _upsert(
            "irregularities",
            "irregularity_id",
            "irregularity_id attempt_id text written_at_ms written_by",
        ),
        lambda state, key: astuple(state.irregularities[key]),
    ),
    "boxes": (
        _upsert(
            "room_boxes",
            "box_id",
            "box_id name origin epoch continues_seq handed_over_epoch handed_over_seq",
        ),
        lambda state, key: astuple(state.boxes[key]),
    ),
    "lost_time": (
        _upsert("lost_time", "lost_id", " ".join(LostTime.__slots__)),
        lambda state, key: astuple(state.lost_time[key]),
    ),
    "item_marks": (
        _upsert("item_marks", "attempt_id item_id", "attempt_id item_id flagged visited_at_ms"),
        lambda state, key: astuple(state.item_marks[key]),
    ),
}
"""What can be touched, how its row is written, and in which order (references first)."""


def save_touched(database: Database, state: RoomState) -> None:
    """Write every row that changed since the last time, inside the caller's transaction."""
    if not state.touched:
        return
    by_table: dict[str, list[Row]] = {}
    for what, key in state.touched:
        by_table.setdefault(what, []).append(_TABLES[what][1](state, key))
    for what, (statement, _) in _TABLES.items():
        if what in by_table:
            database.conn.executemany(statement, by_table[what])
    state.touched.clear()


def load_state(database: Database, journal_id: str) -> RoomState:
    """Read the state that the projections hold."""
    state = RoomState(RoomSession(journal_id), responses=StoredResponses(database))
    for row in _rows(database, "session"):
        state.session = RoomSession(
            journal_id=row[0],
            room=row[1],
            practice=bool(row[2]),
            opened_at_ms=row[3],
            opened_by=row[4],
            sealed_at_ms=row[5],
            clock_ms=row[6],
            tick_at_ms=row[7],
            tick_monotonic_ms=row[8],
            boot_id=row[9],
            checkpoint_seq=row[10],
        )
    for row in _rows(database, "sittings"):
        state.sittings[row[0]] = sitting_from(row)
    state.attempts = {row[0]: _attempt_from(row) for row in _rows(database, "attempts")}
    state.clients = {
        (row[0], row[1]): Client(*(*row[:5], bool(row[5]))) for row in _rows(database, "clients")
    }
    for row in _rows(database, "kept_aside"):
        state.kept_aside[row[0]] = KeptAside(*(*row[:4], json.loads(row[4]), *row[5:]))
    state.messages = {row[0]: Message(*row) for row in _rows(database, "messages")}
    for row in _rows(database, "irregularities"):
        state.irregularities[row[0]] = Irregularity(*row)
    for row in _rows(database, "item_marks"):
        state.item_marks[row[0], row[1]] = ItemMark(
            row[0], row[1], flagged=bool(row[2]), visited_at_ms=row[3]
        )
    state.lost_time = {row[0]: LostTime(*row) for row in _rows(database, "lost_time")}
    state.boxes = {row[0]: RoomBox(*row) for row in _rows(database, "room_boxes")}
    _load_conduct(database, state)
    return state


def _load_conduct(database: Database, state: RoomState) -> None:
    """Read what has no table from its entries, the last of each subject: there are few of them."""
    kinds = tuple(conduct.KINDS)
    rows = database.conn.execute(
        "SELECT epoch, max(seq), at_ms, kind, actor, subject, body, hash FROM entries "
        f"WHERE kind IN ({', '.join('?' * len(kinds))}) GROUP BY kind, subject ORDER BY seq",
        kinds,
    )
    for row in rows:
        entry = Entry(*row)
        conduct.KINDS[entry.kind](state, entry, entry.decoded_body())


def _rows(database: Database, table: str) -> Iterable[Row]:
    # In the order they were put there, which for attempts is the roster's.
    order = "" if table in {"clients", "item_marks"} else "ORDER BY rowid"
    rows: Iterable[Row] = database.conn.execute(f"SELECT * FROM {table} {order}")
    return rows


def empty_projections(database: Database) -> None:
    """Forget all projections, to build them again from the entries."""
    for table in PROJECTION_TABLES:
        database.conn.execute(f"DELETE FROM {table}")


def response_rows(database: Database, attempt_id: str) -> list[tuple[str, str, CurrentResponse]]:
    """Return (item_id, response_id, response) for everything an attempt has."""
    rows = database.conn.execute(
        f"SELECT item_id, response_id, {_RESPONSE_COLUMNS} FROM current_responses "
        "WHERE attempt_id = ?",
        (attempt_id,),
    )
    return [(row[0], row[1], _response_from(row[2:])) for row in rows]
