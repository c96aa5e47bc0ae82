"""The file that makes a stick a mirror: which box fills it, and what people call the stick."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from appliance.domain.errors import InvalidInputError
from appliance.formats.canonical import INTEGER_MAX, CanonicalDocument
from appliance.formats.envelope import read_envelope, write_envelope
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.signing import SignatureWrongError

MAGIC = b"EXRMMIR1"
MARKER_MAX_BYTES = 4 * 1024
STICK_NAME_SYMBOLS = 4

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class MirrorOfAnotherBoxError(InvalidInputError):
    """The stick is a mirror, but not this box's."""

    key = "mirror_of_another_box"
    staff_message = (
        "This stick is the mirror of another box. Take another stick, or bring this one to the "
        "centre first and delete the folder examroom on it afterwards."
    )


class MirrorMarker(CanonicalDocument):
    """This box fills this stick; `stick` is written on it for people."""

    format: Literal["mirror/1"] = "mirror/1"
    box_id: Id
    centre_id: Id
    stick: str = Field(pattern=rf"^[0-9A-HJKMNP-TV-Z]{{{STICK_NAME_SYMBOLS}}}$")
    marked_at_ms: Annotated[int, Field(ge=0, le=INTEGER_MAX)]


def write_mirror_marker(marker: MirrorMarker, *, box: BoxIdentity) -> bytes:
    """Return the signed bytes of a marker: an envelope without a payload."""
    return write_envelope(MAGIC, marker.to_bytes(), b"", signing=box.signing)


def read_mirror_marker(data: bytes, *, box: PublicIdentity, centre: PublicIdentity) -> MirrorMarker:
    """Verify and read a marker that this box wrote.

    Raises DocumentMalformedError, DocumentTooLargeError or MirrorOfAnotherBoxError.
    """
    envelope = read_envelope(data, magic=MAGIC, bytes_max=MARKER_MAX_BYTES)
    try:
        envelope.require_signed_by(box.signing)
    except SignatureWrongError:
        raise MirrorOfAnotherBoxError from None
    marker = MirrorMarker.from_bytes(envelope.header)
    if (marker.box_id, marker.centre_id) != (box.id, centre.id):
        raise MirrorOfAnotherBoxError
    return marker
