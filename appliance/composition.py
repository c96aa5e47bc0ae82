"""The only place where clock, database, settings, services and applications of the box meet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from appliance.domain.errors import InvalidInputError
from appliance.formats.keys import load_or_create_box_identity
from appliance.platform.announcing import Announcement
from appliance.platform.clock import Clock, SystemClock, boot_id
from appliance.platform.credentials import FORM_KEY, load_or_create_key
from appliance.platform.files import make_folder
from appliance.services.box import Box
from appliance.services.follow import finish_take_overs
from appliance.services.following import RoomLine
from appliance.services.look_after_update import look_after_update
from appliance.services.lookout import Lookout
from appliance.services.open_room import resume_room
from appliance.services.peers import origin_of
from appliance.services.pulse import Pulse, Worker
from appliance.services.room_tls import authority_path
from appliance.services.take_in_mailbox import take_in_mailbox
from appliance.services.watch_room import Watch
from appliance.settings import Settings
from appliance.storage.box_store import BoxStore
from appliance.storage.reading import BOX_DATABASE_KEY
from appliance.web.candidate.app import create_candidate_app
from appliance.web.serving import Serving, make_server
from appliance.web.staff.app import create_staff_app
from sync.standby.box_client import RoomLineByHttp
from sync.standby.follower import RoomFollower

_log = structlog.get_logger()


class PortTakenError(InvalidInputError):
    """Something else listens there."""

    key = "port_taken"
    staff_message = "Port {port} is in use by another program. Stop that one, or give another port."


@dataclass(slots=True)
class ExamServer:
    """A running box: two applications on two ports, and the threads that look after the room."""

    box: Box
    watch: Watch
    lookout: Lookout
    follower: RoomFollower
    servers: list[Serving]
    announcement: Announcement | None
    pulse: Pulse

    def serve(self) -> None:
        """Serve until `stop`."""
        for server in self.servers:
            server.start()
        self.pulse.start()
        if self.announcement is not None:
            self.announcement.make()
        for server in self.servers:
            server.wait()

    def stop(self) -> None:
        """End in an order in which whoever was told "saved" was told the truth."""
        self.pulse.stop()
        if self.announcement is not None:
            self.announcement.withdraw()
        for server in self.servers:
            server.stop()
        self.watch.stop()
        self.lookout.stop()
        self.follower.stop()
        if self.box.following is not None:
            self.box.following.copy.close()
        if self.box.room is not None:
            self.box.room.writer.stop()
            self.box.room.attachments.close()
        self.box.store.close()


def make_box(
    settings: Settings, *, clock: Clock | None = None, line: RoomLine | None = None, boot: str = ""
) -> Box:
    """Open what the box knows, and the room that was open when it last ended.

    The simulation gives its own clock, way to the other boxes and name of the boot.
    Raises CorruptionError with a sentence when a database cannot be used; nothing is changed then.
    """
    make_folder(settings.data_dir)
    box = _bare_box(settings, clock or SystemClock(), line or _line(settings), boot or boot_id())
    take_in_mailbox(box)
    finish_take_overs(box)
    resume_room(box)
    look_after_update(box)
    return box


def _line(settings: Settings) -> RoomLine:
    return RoomLineByHttp(authority_path(settings.data_dir))


def _bare_box(settings: Settings, clock: Clock, line: RoomLine, boot: str) -> Box:
    keys_dir = settings.data_dir / "keys"
    make_folder(keys_dir, mode=0o700)
    return Box(
        settings=settings,
        store=BoxStore(
            settings.data_dir / "box.db", load_or_create_key(BOX_DATABASE_KEY, keys_dir)
        ),
        identity=load_or_create_box_identity(keys_dir, settings.room),
        clock=clock,
        boot_id=boot,
        line=line,
    )


@contextmanager
def box_for_a_command(settings: Settings) -> Iterator[Box]:
    """Open what the box knows, for a command that runs beside the exam server or without it."""
    make_folder(settings.data_dir)
    box = _bare_box(settings, SystemClock(), _line(settings), boot_id())
    try:
        yield box
    finally:
        box.store.close()


def make_exam_server(settings: Settings) -> ExamServer:
    """Make everything and listen.  Raises PortTakenError and what `make_box` raises."""
    box = make_box(settings)
    form_key = load_or_create_key(FORM_KEY, box.keys_dir)
    servers = []
    for name, app, port in (
        ("candidates", create_candidate_app(box), settings.candidate_port),
        ("staff", create_staff_app(box, form_key=form_key), settings.staff_port),
    ):
        try:
            servers.append(Serving(make_server(app, settings, port), name))
        except OSError as problem:
            raise PortTakenError(port=port) from problem
    announcement = None
    if settings.announce:
        announcement = Announcement(
            room=settings.room,
            box_id=box.identity.id,
            origin=lambda: origin_of(box),
        )
    watch = Watch(box)
    watch.start()
    lookout, follower = Lookout(box), RoomFollower(box)
    lookout.start()
    follower.start()
    _log.info("serving", candidate_port=settings.candidate_port, staff_port=settings.staff_port)
    pages = (
        (settings.host, settings.candidate_port, "/health"),
        (settings.host, settings.staff_port, "/sign-in"),
    )
    workers: dict[str, Worker] = {"room clock": watch, "lookout": lookout, "follower": follower}
    pulse = Pulse(box, workers, pages)
    return ExamServer(box, watch, lookout, follower, servers, announcement, pulse)
