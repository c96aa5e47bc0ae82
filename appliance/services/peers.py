"""The other boxes of a room: those to which the centre has given one of its sittings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from appliance.domain.errors import RefusedError
from appliance.formats.canonical import CanonicalDocument
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import PublicIdentity, read_public_identity
from appliance.platform.announcing import outside_addresses
from appliance.services.box import Box

ANYWHERE = frozenset({"0.0.0.0", "::", "*", ""})  # noqa: S104 - compared with, not bound to
IDENTITIES_KEPT_MAX = 64
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class PeerUnknownError(RefusedError):
    """That box has nothing to do with this room."""

    key = "peer_unknown"
    staff_message = (
        "That box does not belong to the exams of this room, so it may not follow. The centre "
        "decides which boxes do: choose it there for the same sitting, and send the sitting again."
    )


class BoxView(CanonicalDocument):
    """What a box says of itself to anyone on the room's network: no content, no names.

    `proof` is the newest signed proof of who leads, as text.  `leader` is where candidates' pages
    reach the box that leads, as far as this one knows, or empty.  `boxes` are the addresses of all
    boxes of the room that it knows, its own included.
    """

    box_id: str
    journal_id: JournalId | None
    leads: bool
    epoch: int
    proof: str | None
    origin: str
    leader: str
    boxes: list[str]
    room: str
    now_ms: int


def origin_of(box: Box) -> str:
    """Return where candidates' pages reach this box."""
    settings = box.settings
    if settings.public_origin:
        return settings.public_origin
    host = settings.host
    if host in LOOPBACK:
        host = "localhost"
    elif host in ANYWHERE:
        host = outside_addresses()[0]
    return f"http://{host}:{settings.candidate_port}"


def room_origins(box: Box) -> list[str]:
    """Return where candidates' pages reach each box of the room, this one's included."""
    if box.room is not None:
        found = {one.origin for one in box.room.writer.boxes()}
    elif box.following is not None:
        with box.following.lock:
            found = {one.origin for one in box.following.copy.state.boxes.values()}
    else:
        found = set()
    return sorted(found)


def peers(box: Box, sitting_ids: Iterable[str]) -> dict[str, PublicIdentity]:
    """Return the boxes that share one of these sittings, this one included, by id."""
    wanted = set(sitting_ids)
    return {
        box_id: _identity(data)
        for sitting_id, box_id, data in box.store.peers()
        if sitting_id in wanted
    }


def all_peers(box: Box) -> dict[str, PublicIdentity]:
    """Return every box with which the centre has ever given this one a sitting in common."""
    return {box_id: _identity(data) for _, box_id, data in box.store.peers()}


@lru_cache(maxsize=IDENTITIES_KEPT_MAX)
def _identity(data: bytes) -> PublicIdentity:
    """Read an identity once: a box that follows asks several times a second."""
    return read_public_identity(data)
