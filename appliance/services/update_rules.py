"""Which updates a box takes: for its own image, newer than what it has, and not while in use."""

from __future__ import annotations

from appliance.domain.errors import InvalidInputError, RefusedError, TransientError
from appliance.formats.update_document import UpdateDocument, version_order
from appliance.platform.system_image import SystemImage


class UpdateForAnotherImageError(InvalidInputError):
    """The update is for other machines than this one."""

    key = "update_for_another_image"
    staff_message = (
        "This update is for {image}, and this machine runs {own}. Nothing was changed. "
        "Ask the centre for the right one."
    )


class UpdateNotNewerError(InvalidInputError):
    """The box has that version or a later one."""

    key = "update_not_newer"
    staff_message = (
        "Version {version} is not newer than version {own}, which this box has. "
        "Nothing was changed."
    )


class UpdateGivenUpError(InvalidInputError):
    """This very version has failed on this box."""

    key = "update_given_up"
    staff_message = (
        "Version {version} was tried on this box and did not come to serve. "
        "Ask the centre for a later one."
    )


class UpdateDamagedError(InvalidInputError):
    """A part is not what the document says."""

    key = "update_damaged"
    staff_message = (
        "The file {name} is missing, cut short or altered, so it is not what the centre signed. "
        "Nothing was changed. Let the centre write the update again."
    )


class UpdateWaitsError(RefusedError):
    """A room is open, or an exam is near."""

    key = "update_waits"
    staff_message = (
        "A room is open, or an exam begins within a day. Updates wait until afterwards; "
        "then put the stick in again."
    )


class NoRoomForUpdateError(TransientError):
    """The disk of the box is kept for responses."""

    key = "no_room_for_update"
    staff_message = (
        "The disk of this box has no room for the update, which needs {mib} MiB. "
        "Free some space, then bring it again."
    )


def require_wanted(
    document: UpdateDocument,
    running: SystemImage | None,
    *,
    also_here: tuple[str | None, ...],
    given_up: str | None,
) -> None:
    """Raise unless this box should have the update.

    `also_here` are versions that have arrived or wait for a restart; `given_up` is one that failed.
    Raises UpdateForAnotherImageError, UpdateNotNewerError or UpdateGivenUpError.
    """
    version = document.version
    if running is None or running.image != document.image:
        own = running.image if running else "no image of examroom"
        raise UpdateForAnotherImageError(image=document.image, own=own)
    newest = max([running.version, *filter(None, also_here)], key=version_order)
    if version_order(version) <= version_order(newest):
        raise UpdateNotNewerError(version=version, own=newest)
    if version == given_up:
        raise UpdateGivenUpError(version=version)
