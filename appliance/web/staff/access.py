"""Who may call the staff addresses: signed-in staff, by right."""

from __future__ import annotations

from flask import g, request

from appliance.domain.errors import RefusedError
from appliance.domain.rights import Right, Role, require_right
from appliance.services.sign_in_staff import signed_in_staff
from appliance.storage.box_store import StaffMember
from appliance.web.access import allows
from appliance.web.here import this_box

COOKIE = "__Host-staff"


class StaffSignedOutError(RefusedError):
    """Nobody is signed in on this browser."""

    key = "staff_signed_out"
    staff_message = "Please sign in."


def me() -> StaffMember:
    """Return who is signed in."""
    member: StaffMember = g.staff
    return member


def token() -> str:
    """Return this browser's token."""
    return request.cookies.get(COOKIE, "")


def _require(right: Right) -> None:
    member = signed_in_staff(this_box(), token())
    if member is None:
        raise StaffSignedOutError
    g.staff = member
    require_right(Role(member.role), right)


def may(right: Right) -> bool:
    """Say whether who is signed in has a right; for showing or not showing a button."""
    try:
        require_right(Role(me().role), right)
    except RefusedError:
        return False
    return True


see_health = allows("staff who may see health", lambda: _require(Right.SEE_HEALTH))
see_room = allows("staff who may see the room", lambda: _require(Right.SEE_ROOM))
run_room = allows("staff who may run the room", lambda: _require(Right.RUN_ROOM))
release = allows("staff who may release exams", lambda: _require(Right.RELEASE))
see_responses = allows("staff who may see responses", lambda: _require(Right.SEE_RESPONSES))
reopen = allows("staff who may reopen attempts", lambda: _require(Right.REOPEN))
seal = allows("staff who may close the room", lambda: _require(Right.SEAL))
restart_box = allows("staff who may restart the box", lambda: _require(Right.RESTART_BOX))
