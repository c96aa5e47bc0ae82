"""The earlier revisions of a response, for the candidate and for staff."""

from __future__ import annotations

from typing import Any

from appliance.domain import commands as c
from appliance.domain.errors import NotFoundError
from appliance.services.box import Box


class RevisionNotFoundError(NotFoundError):
    """There is no such revision."""

    key = "revision_not_found"
    staff_message = "That earlier version is not there any more."


def revisions_for_candidate(
    box: Box, attempt_id: str, item_id: str, response_id: str
) -> list[dict[str, Any]]:
    """Return the revisions of one response, newest first."""
    found = box.open_room().queries.revisions(attempt_id, item_id, response_id)
    return [
        {"revision": one.revision_no, "saved_at_ms": one.saved_at_ms, "value": one.value}
        for one in reversed(found)
    ]


def bring_back(
    box: Box, *, actor: str, attempt_id: str, item_id: str, response_id: str, revision_no: int
) -> None:
    """Make an earlier revision the newest one."""
    room = box.open_room()
    for one in room.queries.revisions(attempt_id, item_id, response_id):
        if one.revision_no == revision_no:
            room.writer.write(
                c.BringBackRevision(actor, attempt_id, item_id, response_id, revision_no, one.value)
            )
            return
    raise RevisionNotFoundError
