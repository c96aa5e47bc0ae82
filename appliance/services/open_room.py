"""Opening a room session, going on with it after a restart, and closing it for good."""

from __future__ import annotations

import secrets
from typing import Any

import structlog

from appliance.domain import box_commands as b
from appliance.domain import commands as c
from appliance.domain.candidates import Accommodation
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError, RefusedError
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState, SittingState
from appliance.formats.exam_package import inspect_package
from appliance.formats.recovery import write_recovery_copy
from appliance.platform.files import make_folder, write_durably
from appliance.platform.ids import new_id
from appliance.services.box import Box, NotEnrolledError
from appliance.services.copies import Copies
from appliance.services.fence import Fence, OvertakenError
from appliance.services.follow import let_go_of_copy
from appliance.services.look_after_update import end_rest
from appliance.services.overtaken import look_around
from appliance.services.peers import origin_of
from appliance.services.presence import Presence
from appliance.services.release_exam import reopen_exams
from appliance.services.room import Room, SignedIn
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import JournalRecord, RosterRecord
from appliance.storage.database import KEY_BYTES
from appliance.storage.journal_queries import JournalQueries
from appliance.storage.journal_writer import JournalWriter
from appliance.storage.journals import (
    Journal,
    create_journal,
    require_intact_pages,
    resume_journal,
)
from appliance.storage.reading import journal_path
from appliance.storage.release_secrets import ReleaseSecrets

PLAUSIBLE_DOWN_SECONDS_MAX = 12 * 3600
"""An outage that wall clocks say was longer than this is not believed: the clock stepped."""

_log = structlog.get_logger()


class NothingPlannedError(RefusedError):
    """There is no sitting to open the room for."""

    key = "nothing_planned"
    staff_message = "Choose at least one exam. If there is none, the centre has not sent any yet."


def planned_sittings(box: Box) -> list[RosterRecord]:
    """Return the sittings the centre has sent and that no room session has held yet."""
    return box.store.roster_sittings()


def open_room(box: Box, *, actor: str, sitting_ids: list[str], practice: bool) -> Room:
    """Open the room for these sittings, and load the packages that are here.

    Raises NothingPlannedError, and OvertakenError while the room is open on another box that this
    one follows: two records of one exam would help nobody.
    """
    if box.following is not None:
        raise OvertakenError
    chosen = [one for one in planned_sittings(box) if one.sitting_id in sitting_ids]
    if not chosen:
        raise NothingPlannedError
    with box.room_lock:
        if box.room is not None:
            return box.room
        end_rest(box)
        room = _new_room(box)
        packages = [box.store.package(one.sitting["package_id"]) for one in chosen]
        practice = practice or any(one is not None and one.practice for one in packages)
        room.writer.write(c.OpenRoomSession(actor, box.settings.room, practice))
        join_own_room(box, room)
        for roster in chosen:
            room.writer.write(_plan(actor, roster))
        box.room = room
    # Whoever was let go after the room before this one is not let go from this one.
    box.workstations.release_all(released=False)
    let_go_of_copy(box)
    load_packages(box, actor=actor)
    return room


def join_own_room(box: Box, room: Room) -> None:
    """Note in the journal where this box is reached; a box that takes over looks for it there."""
    identity = box.identity.public
    room.writer.write(b.JoinBox("box", identity.id, identity.name, origin_of(box)))


def _new_room(box: Box) -> Room:
    journal_id, key = new_id(16), secrets.token_bytes(KEY_BYTES)
    record = JournalRecord(
        journal_id=journal_id,
        journal_key=key,
        room=box.settings.room,
        created_at_ms=box.clock.wall_ms(),
        sealed_at_ms=None,
        purged_at_ms=None,
    )
    path = journal_path(box.settings.data_dir, journal_id)
    make_folder(path.parent)
    # The key is remembered before the file exists: a file whose key is lost would be lost too.
    box.store.add_journal(record)
    write_recovery_copy_of(box, record)
    return start_room(box, record, create_journal(path, key, journal_id))


def write_recovery_copy_of(box: Box, record: JournalRecord) -> None:
    """Write the copy of a journal's key that only the centre's recovery key opens."""
    recovery = box.centre().recovery
    if recovery is None or record.journal_key is None:
        raise NotEnrolledError
    path = journal_path(box.settings.data_dir, record.journal_id).with_suffix(".recovery")
    write_durably(
        path, write_recovery_copy(record.journal_id, record.journal_key, recovery=recovery)
    )


def start_room(box: Box, record: JournalRecord, journal: Journal) -> Room:
    """Begin to write a journal that this box leads."""
    fence = Fence(box.clock)
    writer = JournalWriter(
        journal,
        clock=box.clock,
        boot_id=box.boot_id,
        sign=box.identity.signing.sign,
        guard=fence,
    )
    key = record.journal_key or b""
    room = Room(
        record,
        writer,
        JournalQueries(journal.path, key),
        ReleaseSecrets(journal.path, key),
        Attachments(journal.path, key),
        Presence(),
        Copies(),
        fence,
        begun_ms=box.clock.monotonic_ms(),
    )
    fence.ask_by(lambda: look_around(box, room))
    writer.start()
    return room


def _plan(actor: str, roster: RosterRecord) -> c.PlanSitting:
    sitting = roster.sitting
    return c.PlanSitting(
        actor=actor,
        sitting_id=roster.sitting_id,
        title=sitting["title"],
        package_id=sitting["package_id"],
        duration_seconds=sitting["duration_seconds"],
        planned_start_at_ms=sitting.get("planned_start_at"),
        candidates=tuple(expected_candidate(one) for one in sitting["candidates"]),
        conduct_basis=sitting.get("conduct_basis", "").strip(),
    )


def expected_candidate(line: dict[str, Any]) -> c.ExpectedCandidate:
    """Return a roster line as a candidate with a fresh attempt id."""
    return c.ExpectedCandidate(
        attempt_id=new_id(),
        candidate_id=line["candidate_id"],
        number=line["number"],
        given_name=line["given_name"],
        family_name=line["family_name"],
        anonymous_code=line["anonymous_code"],
        code_hash=line["code_hash"],
        seat=line.get("seat"),
        accommodations=tuple(
            Accommodation(
                one["name"], one["value"], one.get("approved_by", ""), one.get("approved_at", "")
            )
            for one in line.get("accommodations", [])
        ),
    )


def load_packages(box: Box, *, actor: str) -> None:
    """Check the package of every planned sitting, and load those that are here and intact."""
    room = box.open_room()

    def planned(state: RoomState, _now: Now) -> list[tuple[str, str]]:
        return [
            (one.sitting_id, one.package_id)
            for one in state.sittings.values()
            if one.state is SittingState.PLANNED
        ]

    for sitting_id, package_id in room.writer.look(planned):
        record = box.store.package(package_id)
        if record is None:
            continue
        try:
            inspect_package(
                box.package_path(package_id).read_bytes(),
                centre=box.centre(),
                box_id=box.identity.id,
                now_ms=None,
            )
        except (ExamroomError, OSError) as problem:
            _log.warning("package_not_loaded", package_id=package_id, error=type(problem).__name__)
            continue
        room.writer.write(c.LoadSitting(actor, sitting_id, record.sha256))


def resume_room(box: Box) -> None:
    """Go on with the room session that was open when this process last ended, if any.

    The other boxes of the room are asked first: if one of them has taken over, this one does not
    lead any more.  Raises CorruptionError when its file cannot be used; nothing is changed then.
    """
    open_records = [
        one for one in box.store.journals() if one.sealed_at_ms is None and one.role == "leading"
    ]
    if not open_records:
        return
    end_rest(box)
    record = open_records[-1]
    path = journal_path(box.settings.data_dir, record.journal_id)
    make_folder(path.parent)
    journal = resume_journal(path, record.journal_key or b"", record.journal_id)
    # A second for a whole day's journal: better to learn of damage now than at the next save.
    require_intact_pages(journal)
    room = start_room(box, record, journal)
    try:
        _resume(box, room)
    except OvertakenError:
        _log.warning("room_not_resumed", journal_id=record.journal_id)


def _resume(box: Box, room: Room) -> None:
    if room.writer.look(lambda state, _now: state.session.sealed_at_ms is not None):
        # The power went between the last entry and the note of it.
        _put_away(box, room)
        room.writer.stop()
        room.attachments.close()
        return
    if room.writer.look(lambda state, _now: state.session.opened_at_ms is None):
        room.writer.write(c.OpenRoomSession("box", box.settings.room, practice=False))
    note_outage(box, room)
    join_own_room(box, room)
    go_on(box, room)


def go_on(box: Box, room: Room) -> None:
    """Serve a room whose journal is ready: who is signed in, what is released."""
    _remember_sign_ins(box, room)
    reopen_exams(box, room)
    box.room = room


def note_outage(box: Box, room: Room) -> None:
    """Put on the record how long the box was away while somebody was writing."""

    def measure(state: RoomState, now: Now) -> tuple[int, bool] | None:
        if not state.anyone_writing():
            return None
        session = state.session
        if session.boot_id == now.boot_id:
            return (now.monotonic_ms - session.tick_monotonic_ms) // 1000, True
        guessed = (now.at_ms - session.tick_at_ms) // 1000
        return guessed if 0 <= guessed <= PLAUSIBLE_DOWN_SECONDS_MAX else 0, False

    measured = room.writer.look(measure)
    if measured is not None:
        room.writer.write(c.NoteRestart("box", measured[0], exact=measured[1]))


def _remember_sign_ins(box: Box, room: Room) -> None:
    def see(state: RoomState, _now: Now) -> tuple[dict[str, SignedIn], list[str], list[str]]:
        sign_ins = {
            one.token_hash: SignedIn(one.attempt_id, one.client_id)
            for one in state.clients.values()
        }
        writing = [
            one.attempt_id
            for one in state.attempts.values()
            if one.state in {AttemptState.WRITING, AttemptState.SUSPENDED}
        ]
        lost = [one.attempt_id for one in state.attempts.values() if one.lost_at_ms is not None]
        return sign_ins, writing, lost

    room.sign_ins, writing, lost = room.writer.look(see)
    room.presence.expect(writing, box.clock.monotonic_ms())
    room.presence.expect_back(lost, box.clock.monotonic_ms())


def _put_away(box: Box, room: Room) -> None:
    """Note that the journal is closed, and forget the rosters of the sittings it held."""
    held = room.writer.look(lambda state, _now: list(state.sittings))
    box.store.seal_journal(room.record.journal_id, box.clock.wall_ms())
    box.store.drop_roster_sittings(held)


def seal_room(box: Box, *, actor: str) -> None:
    """Close the room session for good and let its exams go from memory."""
    with box.room_lock:
        room = box.open_room()
        room.writer.write(c.CloseSittings(actor))
        room.writer.write(c.SealRoomSession(actor))
        _put_away(box, room)
        box.room = None
        room.stopping.set()
    room.writer.stop()
    room.attachments.close()
