"""How the box is: what the staff pages say about centre, disk, mirror sticks and mailbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from appliance.domain.errors import ExamroomError
from appliance.formats.kept_sentence import MESSAGE_MAX, KeptSentence
from appliance.formats.room_certificate import RoomCertificate
from appliance.services.box import Box
from appliance.services.disk_guard import DiskView
from appliance.services.mirror_status import MirrorStatus, read_mirrors
from appliance.services.room import Room
from appliance.services.room_tls import read_own_certificate
from appliance.services.stick_report import StickReport, read_stick_report

CENTRE_RECENT_MS = 120_000
STANDBY_SILENT_MS = 30_000
"""A standby that restarts is back sooner; after so long somebody should look at it."""


@dataclass(frozen=True, slots=True)
class StandbyHealth:
    """Another box of this room: how long it has not asked, and how many entries it lacks."""

    name: str
    origin: str
    silent_seconds: int | None
    behind_count: int

    @property
    def follows(self) -> bool:
        """Say whether it has asked lately."""
        return self.silent_seconds is not None and self.silent_seconds * 1000 < STANDBY_SILENT_MS


@dataclass(frozen=True, slots=True)
class BoxHealth:
    """What a technician and an invigilator may know of the box itself."""

    enrolled: bool
    centre_reachable_at_ms: int | None
    acknowledged_seq: int | None
    sync_error_key: str | None
    disk: DiskView
    refused_documents: tuple[tuple[str, KeptSentence], ...]
    packages: tuple[tuple[str, int, bool], ...]
    mirrors: tuple[MirrorStatus, ...]
    stick: StickReport | None
    standbys: tuple[StandbyHealth, ...]
    certificate: RoomCertificate | None
    now_ms: int

    @property
    def mirror_in_trouble(self) -> str:
        """Return the state of the first mirror stick that is in trouble, or nothing."""
        states = (one.state_at(self.now_ms) for one in self.mirrors)
        return next((state for state in states if state != "following"), "")

    @property
    def standby_in_trouble(self) -> bool:
        """Say whether a box that followed is not heard from."""
        return any(not one.follows for one in self.standbys)

    def centre_recent(self, now_ms: int) -> bool:
        """Say whether the centre was reached lately."""
        reached = self.centre_reachable_at_ms
        return reached is not None and now_ms - reached < CENTRE_RECENT_MS


def _why(verdict: str) -> KeptSentence:
    """Return why a document was refused; earlier versions noted a sentence in English."""
    try:
        return KeptSentence.from_bytes(verdict.encode())
    except ExamroomError:
        return KeptSentence(message=verdict[:MESSAGE_MAX], fields={})


def box_health(box: Box) -> BoxHealth:
    """Look at the box."""
    status = sync_status(box)
    room = box.room
    journal = (status.get("journals") or {}).get(room.record.journal_id, {}) if room else {}
    known = {one.sitting["package_id"] for one in box.store.roster_sittings()}
    packages = [(name, box.store.package(name)) for name in sorted(known)]
    return BoxHealth(
        enrolled=_is_enrolled(box),
        centre_reachable_at_ms=status.get("centre_reachable_at_ms"),
        acknowledged_seq=journal.get("acknowledged_seq"),
        sync_error_key=status.get("last_error_key"),
        disk=box.disk.view(),
        refused_documents=tuple(
            (kind, _why(verdict)) for kind, verdict in box.store.refused_documents()
        ),
        packages=tuple(
            (one.title if one else name, one.version if one else 0, one is not None)
            for name, one in packages
        ),
        mirrors=read_mirrors(box.settings.data_dir, room.record.journal_id if room else None),
        stick=read_stick_report(box.settings.data_dir),
        standbys=_standbys(box, room) if room else (),
        certificate=read_own_certificate(box.settings.data_dir),
        now_ms=box.clock.wall_ms(),
    )


def _standbys(box: Box, room: Room) -> tuple[StandbyHealth, ...]:
    now_ms = box.clock.monotonic_ms()
    head_seq = room.writer.head_seq
    found = []
    for one in room.writer.boxes():
        if one.box_id == box.identity.id:
            continue
        copy = room.copies.copy(one.box_id)
        silent_seconds = None if copy is None else max(0, now_ms - copy.heard_ms) // 1000
        behind_count = max(0, head_seq - (copy.seq if copy else 0))
        found.append(StandbyHealth(one.name, one.origin, silent_seconds, behind_count))
    return tuple(found)


def sync_status(box: Box) -> dict[str, Any]:
    """Read what the sync agent says of itself; nothing while there is no agent."""
    try:
        status = json.loads((box.settings.data_dir / "sync" / "status.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}


def _is_enrolled(box: Box) -> bool:
    try:
        box.centre()
    except ExamroomError:
        return False
    return True
