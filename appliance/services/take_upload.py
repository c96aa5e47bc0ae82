"""Taking a file that a candidate uploads."""

from __future__ import annotations

from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import ClientUnknownError
from appliance.domain.errors import InvalidInputError, TransientError
from appliance.domain.room import RoomState
from appliance.services.box import Box
from appliance.services.room import SignedIn

UPLOAD_MAX_BYTES = 20 * 2**20
ATTEMPT_MAX_BYTES = 100 * 2**20


class UploadTooLargeError(InvalidInputError):
    """One file, or all of one attempt's together, are more than is taken."""

    key = "upload_too_large"
    staff_message = "A candidate's file is larger than {mebibytes_max} MiB."
    candidate_message = "This file is too large. At most {mebibytes_max} MiB can be handed in."


class NoRoomForUploadsError(TransientError):
    """The disk is kept for responses now."""

    key = "no_room_for_uploads"
    staff_message = "The disk is nearly full. Responses are still saved, files have to wait."
    candidate_message = "Your file waits on this computer until the box has room for it."


def take_upload(box: Box, signed_in: SignedIn, sha256: str, data: bytes) -> None:
    """Make a file durable; safe to repeat.  The response that names it goes its own way."""
    room = box.open_room()

    def known(state: RoomState, _now: Now) -> bool:
        return (signed_in.attempt_id, signed_in.client_id) in state.clients

    if not room.writer.look(known):
        raise ClientUnknownError
    so_far = room.attachments.total_bytes(signed_in.attempt_id)
    if len(data) > UPLOAD_MAX_BYTES or so_far + len(data) > ATTEMPT_MAX_BYTES:
        raise UploadTooLargeError(mebibytes_max=UPLOAD_MAX_BYTES // 2**20)
    if not box.disk.has_room_for_file(len(data)):
        raise NoRoomForUploadsError
    room.attachments.put(sha256, data, attempt_id=signed_in.attempt_id, at_ms=box.clock.wall_ms())
