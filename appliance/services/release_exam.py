"""Releasing an exam: with the release code or the centre's token, and again after a restart."""

from __future__ import annotations

import threading

import structlog

from appliance.domain import box_commands as b
from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError, RefusedError
from appliance.domain.room import RoomState
from appliance.domain.states import SittingState, require_sitting_move
from appliance.formats.code_shares import join_release_code
from appliance.formats.exam_model import decode_exam
from appliance.formats.exam_package import OpenedPackage, open_package, release_secret_of
from appliance.formats.exam_package import inspect_package as inspect
from appliance.services.box import Box
from appliance.services.room import ReleasedExam, Room

_log = structlog.get_logger()
# Argon2id takes 64 MiB each time: two at once are enough for a room (platform facts).
_at_once = threading.BoundedSemaphore(2)


class TokenMissingError(RefusedError):
    """The centre has not released this exam to this box."""

    key = "token_missing"
    staff_message = "The centre has not released this exam yet. Enter the release code instead."


class PackageMissingError(RefusedError):
    """The exam package is not on this box."""

    key = "package_missing"
    staff_message = (
        "The exam package is not on this box. Bring it on a stick from the centre; the box takes "
        "it in within seconds. Then enter the release code again."
    )


class ExamNotReleasedError(RefusedError):
    """The exam is not open on this box."""

    key = "exam_not_released"
    staff_message = "This exam has not been released yet."
    candidate_message = "The exam has not begun yet. Please wait."


def release_with_shares(box: Box, *, actor: str, sitting_id: str, shares: tuple[str, str]) -> None:
    """Open the exam of a sitting with two of the three shares that officers hold.

    Raises what `release_with_code` does, and the errors of shares that do not fit together.
    """
    code = join_release_code(*shares)
    release_with_code(box, actor=actor, sitting_id=sitting_id, code=code, way="shares")


def release_with_code(
    box: Box, *, actor: str, sitting_id: str, code: str, way: str = "code"
) -> None:
    """Open the exam of a sitting with the code that was spoken, printed or sent.

    Also one that was released on another box, when this one took over without what opens it.

    Raises ReleaseCodeMistypedError, ReleaseCodeWrongError, PackageMissingError and the package's
    own errors.
    """
    package_id = _package_to_open(box.open_room(), sitting_id)
    manifest = inspect(
        _package(box, package_id), centre=box.centre(), box_id=box.identity.id, now_ms=None
    )
    with _at_once:
        secret = release_secret_of(manifest, code)
    _release(box, actor=actor, sitting_id=sitting_id, secret=secret, way=way)


def release_with_token(box: Box, *, actor: str, sitting_id: str) -> None:
    """Open the exam of a sitting with the token the centre has sent to this box."""
    package_id = _package_to_open(box.open_room(), sitting_id)
    secret = box.store.release_token(package_id)
    if secret is None:
        raise TokenMissingError
    _release(box, actor=actor, sitting_id=sitting_id, secret=secret, way="token")


def _package_to_open(room: Room, sitting_id: str) -> str:
    def see(state: RoomState, _now: Now) -> str:
        sitting = state.sitting(sitting_id)
        # A box that took over from a mirror stick has the record of the release, not its secret.
        if not sitting.state.is_open or sitting.package_id in room.exams:
            require_sitting_move(sitting.state, SittingState.RELEASED)
        return sitting.package_id

    return room.writer.look(see)


def _release(box: Box, *, actor: str, sitting_id: str, secret: bytes, way: str) -> None:
    room = box.open_room()
    package_id = _package_to_open(room, sitting_id)
    opened = _open(box, package_id, secret)
    exam = decode_exam(opened.exam_json)
    # Kept before the entry says "released": after a power cut it must open without the code.
    room.release_secrets.keep(package_id, secret)
    room.exams[package_id] = ReleasedExam(exam, dict(opened.media))
    if room.writer.look(lambda state, _now: state.sitting(sitting_id).state.is_open):
        room.writer.write(b.OpenExamAgain(actor, sitting_id, way))
    else:
        room.writer.write(c.ReleaseSitting(actor, sitting_id, way))


def _package(box: Box, package_id: str) -> bytes:
    try:
        return box.package_path(package_id).read_bytes()
    except FileNotFoundError:
        raise PackageMissingError from None


def _open(box: Box, package_id: str, secret: bytes) -> OpenedPackage:
    return open_package(
        _package(box, package_id),
        identity=box.identity,
        centre=box.centre(),
        release_secret=secret,
        now_ms=None,
    )


def reopen_exams(box: Box, room: Room) -> None:
    """Open again, after a restart, what had been released in this room session."""
    for package_id, secret in room.release_secrets.all():
        try:
            opened = _open(box, package_id, secret)
        except (ExamroomError, OSError) as problem:
            _log.error("exam_not_reopened", package_id=package_id, error=type(problem).__name__)
            continue
        room.exams[package_id] = ReleasedExam(decode_exam(opened.exam_json), dict(opened.media))


def released_exam(room: Room, package_id: str) -> ReleasedExam:
    """Return an open exam or raise ExamNotReleasedError."""
    exam = room.exams.get(package_id)
    if exam is None:
        raise ExamNotReleasedError
    return exam
