"""Fetching what the centre has for this box: verified here, placed whole, taken in by the box."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import (
    CorruptionError,
    InvalidInputError,
    RefusedError,
    TransientError,
)
from appliance.formats.exam_package import inspect_package
from appliance.formats.keys import PublicIdentity
from appliance.formats.sealed_document import verify_document
from appliance.formats.update_document import UPDATE_KIND, read_update
from appliance.platform.files import write_durably
from appliance.services.disk_guard import documents_fit
from appliance.settings import RESERVE_MAX_BYTES
from sync.agent.centre_client import Centre, CentreUnreachableError
from sync.agent.state import AgentState

MAILBOX_TARGET = "/api/v1/mailbox"
PACKAGE_KIND = "exam_package"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KIND = re.compile(r"[a-z][a-z_]{0,31}")


class NoRoomForDocumentsError(TransientError):
    """The disk of the box is kept for responses now."""

    key = "no_room_for_documents"
    staff_message = (
        "The disk of this box is nearly full. What the centre has for it waits there. "
        "Free some space."
    )


class MailboxListingWrongError(InvalidInputError):
    """The centre's list is not of its form."""

    key = "mailbox_listing_wrong"
    staff_message = "The centre's list of documents cannot be read. Tell the centre."


@dataclass(frozen=True, slots=True)
class Listed:
    """One document that waits at the centre."""

    cursor: int
    document_id: str
    kind: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Return the name under which the box takes it in."""
        return f"{self.document_id}.{self.kind}"


def verify_for_box(kind: str, data: bytes, *, box_id: str, centre: PublicIdentity) -> None:
    """Raise unless `data` is a genuine document of `kind` for this box; needs no private key."""
    if kind == PACKAGE_KIND:
        # The clock is left out: the exam server decides about times, where staff can see it.
        inspect_package(data, centre=centre, box_id=box_id, now_ms=None)
        return
    if kind == UPDATE_KIND:
        read_update(data, centre=centre)
        return
    header = verify_document(data, box_id=box_id, centre=centre)
    if header.kind != kind:
        raise MailboxListingWrongError


def fetch_mailbox(
    centre: Centre, state: AgentState, *, box_id: str, pinned: PublicIdentity, incoming: Path
) -> int:
    """Fetch all documents after the cursor; return how many.

    One that is not genuine is noted and passed over: it stays at the centre, and the ones after it
    must not wait for it.
    """
    count = 0
    for listed in _list_after(centre, state.mailbox_cursor):
        if not documents_fit(incoming, reserve_max_bytes=RESERVE_MAX_BYTES):
            raise NoRoomForDocumentsError
        data = centre.fetch(f"{MAILBOX_TARGET}/{listed.document_id}")
        if hashlib.sha256(data).hexdigest() != listed.sha256:
            raise CentreUnreachableError  # changed on the line: fetch it again
        try:
            verify_for_box(listed.kind, data, box_id=box_id, centre=pinned)
            write_durably(incoming / listed.file_name, data)
            count += 1
        except (InvalidInputError, CorruptionError, RefusedError) as problem:
            state.refused_documents[listed.document_id] = problem.key
        state.mailbox_cursor = listed.cursor
        state.save()
    return count


def _list_after(centre: Centre, cursor: int) -> list[Listed]:
    reply = centre.send("GET", f"{MAILBOX_TARGET}?after={cursor}")
    rows = reply.value.get("documents")
    if not isinstance(rows, list):
        raise MailboxListingWrongError
    return [_listed(row) for row in rows]


def _listed(row: object) -> Listed:
    match row:
        case {
            "cursor": int(cursor),
            "document_id": str(document_id),
            "kind": str(kind),
            "sha256": str(sha256),
        } if _NAME.fullmatch(document_id) and _KIND.fullmatch(kind):
            return Listed(cursor, document_id, kind, sha256)
    raise MailboxListingWrongError
