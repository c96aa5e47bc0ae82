"""What waits at the centre for each box."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, insert, select, update

from appliance.domain.errors import NotFoundError
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, read, write
from sync.central.tables import mailbox

LISTED_MAX = 200
PACKAGE_KIND = "exam_package"


class DocumentUnknownError(NotFoundError):
    """No such document for this box."""

    key = "document_unknown"
    staff_message = "There is no such document for this box."


def post_document(
    connection: Connection, box_id: str, document: tuple[str, str, bytes], *, at_ms: int
) -> None:
    """Put (document_id, kind, bytes) into a box's mailbox."""
    document_id, kind, data = document
    connection.execute(
        insert(mailbox).values(
            box_id=box_id,
            document_id=document_id,
            kind=kind,
            sha256=hashlib.sha256(data).hexdigest(),
            data=data,
            created_at_ms=at_ms,
        )
    )


def list_documents(centre: Centre, box_id: str, *, after: int) -> list[Row]:
    """Return what came after a cursor, oldest first, without the bytes."""
    columns = (mailbox.c.cursor, mailbox.c.document_id, mailbox.c.kind, mailbox.c.sha256)
    with read(centre.engine) as connection:
        return all_rows(
            connection,
            select(*columns)
            .where(mailbox.c.box_id == box_id, mailbox.c.cursor > after)
            .order_by(mailbox.c.cursor)
            .limit(LISTED_MAX),
        )


def fetch_document(centre: Centre, box_id: str, document_id: str) -> bytes:
    """Return a document's bytes and note that it was fetched; raises DocumentUnknownError."""
    where = (mailbox.c.box_id == box_id, mailbox.c.document_id == document_id)
    with write(centre.engine) as connection:
        data = connection.execute(select(mailbox.c.data).where(*where)).scalar_one_or_none()
        if data is None:
            raise DocumentUnknownError
        connection.execute(
            update(mailbox)
            .where(*where, mailbox.c.fetched_at_ms.is_(None))
            .values(fetched_at_ms=centre.clock.wall_ms())
        )
    return bytes(data)
