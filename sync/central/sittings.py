"""Planning a sitting: which exam, who takes it, where, when, and who watches over it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from appliance.domain.conduct import CONDUCT_BASIS_CHARACTERS_MAX
from appliance.domain.errors import InvalidInputError
from appliance.domain.rights import Role
from appliance.formats.candidate_code import (
    create_candidate_code,
    create_code_key,
    hash_candidate_code,
)
from appliance.formats.code_shares import split_release_code
from appliance.formats.crockford import random_symbols
from appliance.formats.release_code import create_release_code
from appliance.formats.roster_csv import RosterRow, read_roster_csv
from appliance.formats.staff_secret import create_staff_pin, hash_staff_secret
from appliance.platform.ids import new_id
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, one_row, read, write
from sync.central.exams import find_exam
from sync.central.results import SittingUnknownError
from sync.central.tables import (
    boxes,
    candidates,
    exams,
    mailbox,
    sitting_boxes,
    sitting_conduct,
    sittings,
    staff,
)

ANONYMOUS_SYMBOLS = 6
STAFF_MAX = 100
STAFF_FILE_MAX_BYTES = 256 * 1024
STAFF_BEFORE_MS = 7 * 24 * 3600 * 1000
STAFF_AFTER_MS = 2 * 24 * 3600 * 1000
STAFF_WITHOUT_START_MS = 90 * 24 * 3600 * 1000
DURATION_MAX_SECONDS = 24 * 3600


class RosterHasBadLinesError(InvalidInputError):
    """Some lines of a roster cannot be used, so that somebody would have no place."""

    key = "roster_has_bad_lines"
    staff_message = "Nothing was stored, because of these lines: {lines}"


class StaffListUnreadableError(InvalidInputError):
    """The staff list cannot be used."""

    key = "staff_list_unreadable"
    staff_message = (
        "The list of staff cannot be read: {reason} It has the columns “name” and “role”, and a "
        "role is invigilator, chief_invigilator or technician."
    )


class SittingIncompleteError(InvalidInputError):
    """Something that a sitting needs is missing."""

    key = "sitting_incomplete"
    staff_message = "This sitting cannot be stored: {reason}"


@dataclass(frozen=True, slots=True)
class NewSitting:
    """What somebody plans.  `planned_start_at_ms` may be open; `duration_seconds` overrides.

    Conduct is noted when there is a `conduct_basis`; empty is one that somebody forgot.
    """

    exam_id: str
    title: str
    room: str
    box_ids: tuple[str, ...]
    roster: bytes
    staff: bytes
    planned_start_at_ms: int | None = None
    duration_seconds: int | None = None
    is_practice: bool = False
    conduct_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Slips:
    """What people hold in their hands: candidates with `code`, staff with `pin`."""

    candidates: list[dict[str, Any]]
    staff: list[dict[str, Any]]


_CANDIDATE_SECRETS = frozenset({"code_hash", "code_sealed"})


def add_sitting(centre: Centre, new: NewSitting, *, actor: str) -> str:
    """Store a sitting with all codes it needs; return its id.

    Raises RosterUnreadableError, RosterHasBadLinesError, StaffListUnreadableError,
    SittingIncompleteError, ExamUnknownError or BoxUnknownError.
    """
    exam = find_exam(centre, new.exam_id).exam
    duration_seconds = new.duration_seconds or exam.duration_seconds
    people = _read_roster(new.roster)
    invigilators = read_staff_csv(new.staff)
    _require_complete(new, duration_seconds, people)
    for box_id in new.box_ids:
        find_box(centre, box_id)
    sitting_id, code_key = new_id(), create_code_key()
    row = {
        "sitting_id": sitting_id,
        "exam_id": new.exam_id,
        "title": new.title or exam.title,
        "room": new.room,
        "package_id": new_id(),
        "planned_start_at_ms": new.planned_start_at_ms,
        "duration_seconds": duration_seconds,
        "is_practice": new.is_practice,
        "version": 0,
        "release_code_sealed": centre.conceal(create_release_code()),
        "release_secret_sealed": None,
        "code_key_sealed": centre.conceal(code_key.hex()),
        "created_at_ms": centre.clock.wall_ms(),
        "sent_at_ms": None,
        "released_at_ms": None,
    }
    staff_rows = _staff_rows(centre, sitting_id, invigilators, new.planned_start_at_ms)
    with write(centre.engine) as connection:
        connection.execute(insert(sittings).values(row))
        connection.execute(
            insert(sitting_boxes),
            [{"sitting_id": sitting_id, "box_id": box_id} for box_id in new.box_ids],
        )
        connection.execute(
            insert(candidates), _candidate_rows(centre, sitting_id, people, code_key)
        )
        connection.execute(insert(staff), staff_rows)
        centre.record(connection, actor, "sitting_added", sitting_id)
        if new.conduct_basis is not None:
            basis = {"sitting_id": sitting_id, "basis": new.conduct_basis.strip()}
            connection.execute(insert(sitting_conduct).values(basis))
            centre.record(connection, actor, "conduct_turned_on", sitting_id)
    return sitting_id


def list_sittings(centre: Centre) -> list[Row]:
    """Return all sittings, the newest first, with the title of their exam."""
    with read(centre.engine) as connection:
        return all_rows(
            connection,
            select(sittings, exams.c.title.label("exam_title"))
            .join(exams, exams.c.exam_id == sittings.c.exam_id)
            .order_by(sittings.c.created_at_ms.desc()),
        )


def find_sitting(centre: Centre, sitting_id: str) -> Row:
    """Return one sitting; raises SittingUnknownError."""
    with read(centre.engine) as connection:
        row = one_row(connection, select(sittings).where(sittings.c.sitting_id == sitting_id))
    if row is None:
        raise SittingUnknownError
    return row


def boxes_of(connection: Connection, sitting_id: str) -> list[str]:
    """Return the ids of a sitting's boxes."""
    return list(
        connection.execute(
            select(sitting_boxes.c.box_id)
            .where(sitting_boxes.c.sitting_id == sitting_id)
            .order_by(sitting_boxes.c.box_id)
        ).scalars()
    )


def conduct_basis_of(connection: Connection, sitting_id: str) -> str:
    """Return the basis on which a sitting has conduct noted; empty: it has not."""
    basis = connection.execute(
        select(sitting_conduct.c.basis).where(sitting_conduct.c.sitting_id == sitting_id)
    ).scalar_one_or_none()
    return basis or ""


def candidates_of(centre: Centre, sitting_id: str) -> list[dict[str, Any]]:
    """Return a sitting's candidates by number, without their codes."""
    columns = [column for column in candidates.c if column.name not in _CANDIDATE_SECRETS]
    with read(centre.engine) as connection:
        rows = all_rows(
            connection,
            select(*columns)
            .where(candidates.c.sitting_id == sitting_id)
            .order_by(candidates.c.number),
        )
    return [{**row, "accommodations": json.loads(row["accommodations"])} for row in rows]


def staff_of(centre: Centre, sitting_id: str) -> list[dict[str, Any]]:
    """Return a sitting's staff by name, without their PINs."""
    columns = (staff.c.staff_id, staff.c.name, staff.c.role)
    with read(centre.engine) as connection:
        return all_rows(
            connection,
            select(*columns).where(staff.c.sitting_id == sitting_id).order_by(staff.c.name),
        )


def reveal_slips(centre: Centre, sitting_id: str, *, actor: str) -> Slips:
    """Return all codes and PINs of a sitting, to print; who saw them goes on the record."""
    with write(centre.engine) as connection:
        centre.record(connection, actor, "slips_seen", sitting_id)
        codes = connection.execute(
            select(candidates.c.candidate_id, candidates.c.code_sealed).where(
                candidates.c.sitting_id == sitting_id
            )
        ).all()
        pins = connection.execute(
            select(staff.c.staff_id, staff.c.pin_sealed).where(staff.c.sitting_id == sitting_id)
        ).all()
    code_of = {row[0]: centre.reveal(bytes(row[1])) for row in codes}
    pin_of = {row[0]: centre.reveal(bytes(row[1])) for row in pins}
    return Slips(
        [
            {**one, "code": code_of[one["candidate_id"]]}
            for one in candidates_of(centre, sitting_id)
        ],
        [{**one, "pin": pin_of[one["staff_id"]]} for one in staff_of(centre, sitting_id)],
    )


def reveal_release_code(centre: Centre, sitting_id: str, *, actor: str) -> str:
    """Show the release code to somebody who may see it; that it was seen goes on the record."""
    row = find_sitting(centre, sitting_id)
    with write(centre.engine) as connection:
        centre.record(connection, actor, "release_code_seen", sitting_id)
    return centre.reveal(row["release_code_sealed"])


def reveal_code_shares(centre: Centre, sitting_id: str, *, actor: str) -> list[str]:
    """Make three shares of the release code, for three officers of whom two open the exam.

    Each call makes new ones; older ones stay good, but do not mix with the new.
    """
    row = find_sitting(centre, sitting_id)
    with write(centre.engine) as connection:
        centre.record(connection, actor, "code_shares_made", sitting_id)
    return split_release_code(centre.reveal(row["release_code_sealed"]))


def read_staff_csv(data: bytes) -> list[tuple[str, str]]:
    """Read (name, role) lines; raises StaffListUnreadableError."""
    if len(data) > STAFF_FILE_MAX_BYTES:
        raise StaffListUnreadableError(reason="it is too large.")
    try:
        text = data.decode("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise StaffListUnreadableError(reason="it is not CSV in UTF-8.") from problem
    people = [
        ((line.get("name") or "").strip(), (line.get("role") or "").strip().lower())
        for line in lines[: STAFF_MAX + 1]
    ]
    for number, (name, role) in enumerate(people, start=2):
        if not name or len(name) > 100 or role not in set(Role):
            raise StaffListUnreadableError(reason=f"line {number} is not understood.")
    if not 1 <= len(people) <= STAFF_MAX:
        raise StaffListUnreadableError(reason=f"it needs 1 to {STAFF_MAX} people.")
    return people


def _read_roster(data: bytes) -> list[RosterRow]:
    reading = read_roster_csv(data)
    if reading.bad_lines:
        shown = [f"line {bad.line}: {bad.sentence}" for bad in reading.bad_lines[:20]]
        raise RosterHasBadLinesError(lines=" ".join(shown))
    return reading.rows


def _require_complete(
    new: NewSitting, duration_seconds: int | None, people: Sequence[RosterRow]
) -> None:
    if not people:
        raise SittingIncompleteError(reason="the list of candidates is empty.")
    if not new.box_ids:
        raise SittingIncompleteError(reason="no box is chosen.")
    if not new.room.strip():
        raise SittingIncompleteError(reason="the room is missing.")
    if duration_seconds is None or not 0 < duration_seconds <= DURATION_MAX_SECONDS:
        raise SittingIncompleteError(reason="the exam does not say how long it takes; say it here.")
    if new.conduct_basis is None:
        return
    if not new.conduct_basis.strip():
        raise SittingIncompleteError(reason="noting conduct needs its basis.")
    if len(new.conduct_basis.strip()) > CONDUCT_BASIS_CHARACTERS_MAX:
        raise SittingIncompleteError(
            reason=f"a basis has at most {CONDUCT_BASIS_CHARACTERS_MAX} characters."
        )


def _candidate_rows(
    centre: Centre, sitting_id: str, people: Sequence[RosterRow], code_key: bytes
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    anonymous_codes: set[str] = set()
    while len(anonymous_codes) < len(people):
        anonymous_codes.add(random_symbols(ANONYMOUS_SYMBOLS))
    for person, anonymous_code in zip(people, anonymous_codes, strict=True):
        code = create_candidate_code()
        accommodations = [
            {
                "name": one.name,
                "value": one.value,
                "approved_by": one.approved_by,
                "approved_at": one.approved_at,
            }
            for one in person.accommodations
        ]
        rows.append(
            {
                "candidate_id": new_id(),
                "sitting_id": sitting_id,
                "number": person.number,
                "given_name": person.given_name,
                "family_name": person.family_name,
                "seat": person.seat,
                "anonymous_code": anonymous_code,
                "accommodations": json.dumps(accommodations, ensure_ascii=False),
                "code_hash": hash_candidate_code(code_key, code),
                "code_sealed": centre.conceal(code),
            }
        )
    return rows


def _staff_rows(
    centre: Centre, sitting_id: str, people: Sequence[tuple[str, str]], start_at_ms: int | None
) -> list[dict[str, object]]:
    now_ms = centre.clock.wall_ms()
    until_ms = start_at_ms + STAFF_AFTER_MS if start_at_ms else now_ms + STAFF_WITHOUT_START_MS
    rows = []
    for name, role in people:
        pin = create_staff_pin()
        rows.append(
            {
                "staff_id": new_id(),
                "sitting_id": sitting_id,
                "name": name,
                "role": role,
                "secret_hash": hash_staff_secret(pin),
                "pin_sealed": centre.conceal(pin),
                "valid_from_ms": min(now_ms, start_at_ms or now_ms) - STAFF_BEFORE_MS,
                "valid_until_ms": until_ms,
            }
        )
    return rows


def sitting_boxes_now(centre: Centre, sitting_id: str) -> list[dict[str, Any]]:
    """Return a sitting's boxes, and how many of its documents each has not fetched yet."""
    waiting = (
        select(func.count())
        .select_from(mailbox)
        .where(mailbox.c.box_id == boxes.c.box_id, mailbox.c.fetched_at_ms.is_(None))
        .scalar_subquery()
    )
    with read(centre.engine) as connection:
        rows = connection.execute(
            select(boxes.c.box_id, boxes.c.name, boxes.c.contact_at_ms, waiting.label("waiting"))
            .join(sitting_boxes, sitting_boxes.c.box_id == boxes.c.box_id)
            .where(sitting_boxes.c.sitting_id == sitting_id)
            .order_by(boxes.c.name)
        ).mappings()
        return [dict(row) for row in rows]
