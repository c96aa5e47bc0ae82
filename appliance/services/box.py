"""The box as the services see it: settings, store, identity, clock, and the room if it is open."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from appliance.domain.errors import RefusedError
from appliance.formats.keys import BoxIdentity, PublicIdentity, load_pinned_centre
from appliance.platform.clock import Clock
from appliance.services.disk_guard import DiskGuard
from appliance.services.fence import OvertakenError
from appliance.services.following import Following, NoLine, RoomLine
from appliance.services.room import Room
from appliance.services.seb_orders import SebOrders
from appliance.services.workstations import Workstations
from appliance.settings import Settings
from appliance.storage.box_store import BoxStore


class RoomClosedError(RefusedError):
    """No room session is open."""

    key = "room_closed"
    staff_message = "The room is not open. Open it first."
    candidate_message = (
        "The room is not open now. What you wrote is kept on this computer. "
        "Please ask the invigilator."
    )


class NotEnrolledError(RefusedError):
    """The centre does not know this box yet."""

    key = "not_enrolled"
    staff_message = "This box is not enrolled at a centre yet. A technician can do that."


@dataclass(slots=True)
class Box:
    """One box.  `room` and `following` change only under `room_lock`; at most one of them is there.

    `room` is the room session this box leads.  `following` is the one that another box leads.
    `shown_leader` is where a box is that has shown this one a proof that it leads.
    `retired` is the one that was taken over from this box since it started.
    """

    settings: Settings
    store: BoxStore
    identity: BoxIdentity
    clock: Clock
    boot_id: str
    room: Room | None = None
    following: Following | None = None
    retired: Room | None = None
    shown_leader: str = ""
    line: RoomLine = field(default_factory=NoLine)
    room_lock: threading.Lock = field(default_factory=threading.Lock)
    failed_confirmations: dict[str, list[int]] = field(default_factory=dict)
    workstations: Workstations = field(default_factory=Workstations)
    seb_orders: SebOrders = field(default_factory=SebOrders)
    disk: DiskGuard = field(init=False)

    def __post_init__(self) -> None:
        """Put a guard on the disk; it watches once it is started."""
        self.disk = DiskGuard(
            self.settings.data_dir,
            reserve_max_bytes=self.settings.reserve_max_bytes,
            clock=self.clock,
        )

    @property
    def room_is_near(self) -> bool:
        """Say whether a room is open here, or on the box that this one follows."""
        return self.room is not None or self.following is not None

    def open_room(self) -> Room:
        """Return the room this box leads; raises OvertakenError or RoomClosedError."""
        room = self.room
        if room is None:
            self.require_not_overtaken()
            raise RoomClosedError
        return room

    def require_not_overtaken(self) -> None:
        """Raise OvertakenError when another box leads the room as far as this one knows."""
        if self.room is None and (self.following is not None or self.retired is not None):
            raise OvertakenError

    def centre(self) -> PublicIdentity:
        """Return the centre this box is enrolled at or raise NotEnrolledError.

        Read anew each time: enrolment happens in another process while this one runs.
        """
        try:
            return load_pinned_centre(self.keys_dir)
        except FileNotFoundError:
            raise NotEnrolledError from None

    @property
    def keys_dir(self) -> Path:
        """Return where identities and keys lie."""
        return self.settings.data_dir / "keys"

    @property
    def packages_dir(self) -> Path:
        """Return where exam packages lie, encrypted as they came."""
        return self.settings.data_dir / "packages"

    def package_path(self, package_id: str) -> Path:
        """Return where one package lies."""
        return self.packages_dir / f"{package_id}.exampkg"
