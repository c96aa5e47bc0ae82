"""Giving a workstation the key of what it keeps on its own stick."""

from __future__ import annotations

from appliance.domain.errors import NotFoundError
from appliance.formats.workstation_key import workstation_key
from appliance.services.box import Box


class WorkstationKeyMissingError(NotFoundError):
    """The centre has not sent this box the secret of its site."""

    key = "workstation_key_missing"
    staff_message = (
        "This box has no certificate from its centre, so it cannot open what a computer keeps."
    )


def give_workstation_key(box: Box, volume_id: str) -> bytes:
    """Return the key of one place; raises RoomClosedError, OvertakenError or the one above.

    Only while a room is open: a stick that is found is then of use for hours, and not for good.
    """
    box.open_room()
    secret = box.store.client_secret()
    if secret is None:
        raise WorkstationKeyMissingError
    return workstation_key(secret, volume_id)
