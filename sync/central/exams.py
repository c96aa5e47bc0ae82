"""Authored exams at the centre: stored as they were made, read when they are needed."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sqlalchemy import insert, select

from appliance.domain.errors import NotFoundError
from appliance.formats.authored_exam import AuthoredExam, read_authored_exam
from appliance.platform.ids import new_id
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, read, write
from sync.central.tables import exams

EXAMS_READ_AT_ONCE = 16


class ExamUnknownError(NotFoundError):
    """No such exam at this centre."""

    key = "exam_unknown"
    staff_message = "This centre has no such exam."


def add_exam(centre: Centre, data: bytes, *, actor: str) -> str:
    """Store an authored exam; return its id, the one it has when it is here already.

    Raises ExamModelError or one of the zip errors for a file that is none.
    """
    authored = read_authored_exam(data)
    digest = hashlib.sha256(data).hexdigest()
    with write(centre.engine) as connection:
        known = connection.execute(
            select(exams.c.exam_id).where(exams.c.sha256 == digest)
        ).scalar_one_or_none()
        if known is not None:
            return str(known)
        exam_id = new_id()
        connection.execute(
            insert(exams).values(
                exam_id=exam_id,
                title=authored.exam.title,
                sha256=digest,
                data=data,
                item_count=sum(1 for item in authored.exam.items() if item.interactions),
                duration_seconds=authored.exam.duration_seconds,
                created_at_ms=centre.clock.wall_ms(),
            )
        )
        centre.record(connection, actor, "exam_added", exam_id)
    return exam_id


def list_exams(centre: Centre) -> list[Row]:
    """Return all exams, newest first, without their files."""
    columns = [column for column in exams.c if column.name != "data"]
    with read(centre.engine) as connection:
        return all_rows(connection, select(*columns).order_by(exams.c.created_at_ms.desc()))


def find_exam(centre: Centre, exam_id: str) -> AuthoredExam:
    """Return an authored exam; raises ExamUnknownError."""
    with read(centre.engine) as connection:
        data = connection.execute(
            select(exams.c.data).where(exams.c.exam_id == exam_id)
        ).scalar_one_or_none()
    if data is None:
        raise ExamUnknownError
    return _read_once(bytes(data))


@lru_cache(maxsize=EXAMS_READ_AT_ONCE)
def _read_once(data: bytes) -> AuthoredExam:
    """Decode a file once: every page of results needs its scoring rules."""
    return read_authored_exam(data)
