"""What is read before the day to say whether a room is ready: small facts, no judgement.

None is “cannot be known here”, and is shown as that: never as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.room_certificate import RoomCertificate
from appliance.platform.machine import DiskLock, Network, Power
from appliance.services.look_after_update import UpdateView


@dataclass(frozen=True, slots=True)
class Disk:
    """Space above the reserve, the reserve, and how long small durable writes take."""

    free_bytes: int
    reserve_bytes: int
    small_write_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Whether the clock follows another, and how far the clock with the battery is off."""

    is_synchronised: bool | None
    hardware_off_seconds: int | None


@dataclass(frozen=True, slots=True)
class Services:
    """Ports at which nobody answers; names that are not given out where the box has to."""

    silent_ports: tuple[int, ...]
    names_missing: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificate, the names it needs, and what a client says of it (None: not asked)."""

    certificate: RoomCertificate | None
    wanted: tuple[str, ...]
    complaint: str | None
    is_needed: bool


@dataclass(frozen=True, slots=True)
class NextSitting:
    """One planned sitting: its package's trouble in a sentence, and who may run it then."""

    title: str
    package_problem: KeptSentence | None
    candidates: int
    invigilators: int


@dataclass(frozen=True, slots=True)
class Standbys:
    """Boxes the centre chose besides this one; those that follow and do not; None: not open."""

    chosen: int
    following: tuple[str, ...] | None
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seats:
    """Workstations that have reported to this process, and those that want a look."""

    reported: int
    in_trouble: int


@dataclass(frozen=True, slots=True)
class Loadtest:
    """What the last load test said, and for how many."""

    state: str
    candidates: int


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that is looked at.  `disk_lock` None: no image of ours, which locks its disk."""

    disk: Disk
    disk_lock: DiskLock | None
    memory_mib: tuple[int, int] | None
    clocks: Clocks
    power: Power
    network: Network
    services: Services
    trust: Trust
    is_enrolled: bool
    is_centre_in_reach: bool
    sittings: tuple[NextSitting, ...]
    standbys: Standbys
    mirrors: tuple[str, ...]
    seats: Seats | None
    loadtest: Loadtest
    update: UpdateView
    now_ms: int
