"""Who may do what on a box: rights by role, as data.  DESIGN section 11."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from appliance.domain.errors import RefusedError


class Role(StrEnum):
    """What a member of staff is in this room."""

    INVIGILATOR = "invigilator"
    CHIEF_INVIGILATOR = "chief_invigilator"
    TECHNICIAN = "technician"


class Right(StrEnum):
    """What somebody may do."""

    SEE_HEALTH = "see_health"
    SEE_ROOM = "see_room"
    RUN_ROOM = "run_room"
    RELEASE = "release"
    SEE_RESPONSES = "see_responses"
    SEE_CONDUCT = "see_conduct"
    REOPEN = "reopen"
    SEAL = "seal"
    RESTART_BOX = "restart_box"


class RightMissingError(RefusedError):
    """This member of staff may not do that."""

    key = "right_missing"
    staff_message = "Your role does not allow this. Ask the chief invigilator."


_INVIGILATOR = frozenset(
    {
        Right.SEE_HEALTH,
        Right.SEE_ROOM,
        Right.RUN_ROOM,
        Right.RELEASE,
        Right.SEE_RESPONSES,
        Right.SEE_CONDUCT,
        Right.SEAL,
    }
)

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.INVIGILATOR: _INVIGILATOR,
        Role.CHIEF_INVIGILATOR: _INVIGILATOR | {Right.REOPEN},
        Role.TECHNICIAN: frozenset({Right.SEE_HEALTH, Right.RESTART_BOX}),
    }
)


def require_right(role: Role, right: Right) -> None:
    """Raise RightMissingError unless `role` carries `right`."""
    if right not in RIGHTS[role]:
        raise RightMissingError
