"""Taking over: one decision of a person on the page of a box that follows.

The leader is asked to stand down first and gives what is missing, if it still answers.  Then this
box begins its own epoch; from then on it leads, whatever becomes of the other one.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from appliance.domain import box_commands as b
from appliance.domain.epochs import next_epoch
from appliance.domain.errors import ExamroomError, RefusedError, TransientError
from appliance.platform.one_at_a_time import held
from appliance.services.box import Box
from appliance.services.follow import RESCUE_LOCK
from appliance.services.following import Following
from appliance.services.open_room import (
    PLAUSIBLE_DOWN_SECONDS_MAX,
    go_on,
    start_room,
    write_recovery_copy_of,
)
from appliance.services.peers import origin_of
from appliance.services.room import Room
from appliance.storage.journals import open_journal

_log = structlog.get_logger()


class NothingToTakeOverError(RefusedError):
    """This box follows no room."""

    key = "nothing_to_take_over"
    staff_message = "This box follows no room now, so there is nothing to take over."


class CopyEmptyError(RefusedError):
    """The copy has not come as far as the room's first entry."""

    key = "copy_empty"
    staff_message = (
        "This box has not received anything of the room yet, so it cannot take over. Go on with "
        "another box, or on paper."
    )


class RescueUnderWayError(TransientError):
    """A room is being brought in from a stick or a disk."""

    key = "rescue_under_way"
    staff_message = (
        "A room is being brought in from a stick or a disk at this moment. Wait until that is "
        "finished, and try again."
    )


@dataclass(frozen=True, slots=True)
class _Outage:
    down_seconds: int
    exact: bool


def take_over(box: Box, *, actor: str) -> Room:
    """Lead the room this box followed.  Safe to repeat: a box that leads already just says so.

    Raises NothingToTakeOverError, CopyEmptyError or RescueUnderWayError.
    """
    with held(box.settings.data_dir / RESCUE_LOCK) as is_free:
        if not is_free:
            raise RescueUnderWayError
        return _take_over(box, actor)


def _take_over(box: Box, actor: str) -> Room:
    following = box.following
    if following is None:
        if box.room is not None:
            return box.room
        raise NothingToTakeOverError
    if following.copy.journal.head_seq == 0:
        raise CopyEmptyError
    outage = _outage(box, following)
    following.follower.finish()
    with box.room_lock:
        if box.following is not following:
            return box.open_room()
        with following.lock:
            following.copy.close()
        box.following = None
        return _lead(box, following, actor, outage)


def _outage(box: Box, following: Following) -> _Outage:
    """Measure since when nothing has come from the leader."""
    if following.heard_ms is None:
        # Its leader was never heard from: wall clocks are all there is to guess by.
        silent_ms = box.clock.wall_ms() - following.copy.state.session.tick_at_ms
        is_plausible = 0 <= silent_ms <= PLAUSIBLE_DOWN_SECONDS_MAX * 1000
        return _Outage(silent_ms // 1000 if is_plausible else 0, exact=False)
    return _Outage(max(0, box.clock.monotonic_ms() - following.heard_ms) // 1000, exact=True)


def _lead(box: Box, following: Following, actor: str, outage: _Outage) -> Room:
    record = following.record
    write_recovery_copy_of(box, record)
    journal = open_journal(
        following.copy.journal.path, record.journal_key or b"", record.journal_id
    )
    continued = journal.epoch
    journal.epoch = next_epoch(continued, box.identity.id)
    room = start_room(box, record, journal)
    try:
        _begin_epoch(box, room, actor, continued, outage)
    except ExamroomError:
        # A full disk, or another box that leads by now: nobody was told of this epoch.
        room.writer.stop()
        room.attachments.close()
        raise
    _log.warning("taken_over", journal_id=record.journal_id, epoch=journal.epoch)
    go_on(box, room)
    return room


def _begin_epoch(box: Box, room: Room, actor: str, continued: int, outage: _Outage) -> None:
    identity = box.identity.public
    # The entry first, the note of it after: a power cut between leaves an epoch nobody was told of.
    room.writer.write(
        b.TakeOver(
            actor=actor,
            box_id=identity.id,
            name=identity.name,
            origin=origin_of(box),
            continues_epoch=continued,
            down_seconds=outage.down_seconds,
            exact=outage.exact,
        )
    )
    box.store.lead(room.record.journal_id)
