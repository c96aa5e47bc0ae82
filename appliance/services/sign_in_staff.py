"""Signing staff in with a personal PIN, offline, and asking for it again before risky acts."""

from __future__ import annotations

import threading

from appliance.domain import commands as c
from appliance.domain.errors import RefusedError
from appliance.formats.staff_secret import matches_staff_secret
from appliance.platform.ids import new_token
from appliance.services.box import Box
from appliance.services.room import hash_token
from appliance.storage.box_store import StaffMember

FAILED_CONFIRMATIONS_MAX = 5
CONFIRMATION_PAUSE_MS = 60_000

# Argon2id takes 64 MiB each time (platform facts): two at once, the others wait.
_at_once = threading.BoundedSemaphore(2)


class StaffSecretWrongError(RefusedError):
    """Name and PIN do not belong together, or not today."""

    key = "staff_secret_wrong"
    staff_message = "Name and PIN do not fit together. Please try again."


def sign_in_staff(box: Box, *, staff_id: str, secret: str) -> str:
    """Return the token for the cookie; raises StaffSecretWrongError for whatever was wrong."""
    member = _member(box, staff_id)
    if member is None or not _matches(member, secret):
        _note(box, staff_id if member else "unknown", "sign_in_failed")
        raise StaffSecretWrongError
    token = new_token()
    box.store.add_staff_sign_in(hash_token(token), staff_id, box.clock.wall_ms())
    _note(box, staff_id, "signed_in")
    return token


class ConfirmationsPausedError(RefusedError):
    """A signed-in browser guesses PINs."""

    key = "confirmations_paused"
    staff_message = "Too many wrong PINs. Wait a minute, then try again."


def confirm_secret(box: Box, member: StaffMember, secret: str) -> None:
    """Ask again before a risky act; raises StaffSecretWrongError or ConfirmationsPausedError."""
    now_ms = box.clock.monotonic_ms()
    failures = box.failed_confirmations.setdefault(member.staff_id, [])
    failures[:] = [at_ms for at_ms in failures if now_ms - at_ms < CONFIRMATION_PAUSE_MS]
    if len(failures) >= FAILED_CONFIRMATIONS_MAX:
        raise ConfirmationsPausedError
    if not _matches(member, secret):
        failures.append(now_ms)
        _note(box, member.staff_id, "confirmation_failed")
        raise StaffSecretWrongError


def signed_in_staff(box: Box, token: str) -> StaffMember | None:
    """Return who a staff cookie stands for, if the sign-in is in use and the time span holds."""
    now_ms = box.clock.wall_ms()
    rest_ms = box.settings.staff_rest_minutes * 60_000
    token_hash = hash_token(token)
    member = box.store.staff_sign_in(token_hash, used_after_ms=now_ms - rest_ms)
    if member is None:
        return None
    box.store.touch_staff_sign_in(token_hash, now_ms)
    return member


def sign_out_staff(box: Box, token: str, staff_id: str) -> None:
    """End a sign-in."""
    box.store.end_staff_sign_in(hash_token(token))
    _note(box, staff_id, "signed_out")


def _member(box: Box, staff_id: str) -> StaffMember | None:
    """Return the member, if the time span of the role holds today.

    A box whose clock was lost would lock everybody out; so the span counts only when the clock is
    plausible, which is after the staff list itself was written.
    """
    now_ms = box.clock.wall_ms()
    for one in box.store.staff():
        if one.staff_id == staff_id:
            clock_plausible = now_ms >= one.valid_from_ms - 24 * 3600 * 1000
            expired = clock_plausible and now_ms > one.valid_until_ms
            return None if expired else one
    return None


def _matches(member: StaffMember, secret: str) -> bool:
    with _at_once:
        return matches_staff_secret(member.secret_hash, secret.strip())


def _note(box: Box, staff_id: str, what: str) -> None:
    if box.room is not None:
        box.room.writer.write(c.NoteStaff(staff_id, what))
