"""How the box is: what the staff pages say about centre, disk, mirror sticks and mailbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from appliance.domain.errors import ExamroomError
from appliance.services.box import Box
from appliance.services.disk_guard import DiskView
from appliance.services.mirror_status import MirrorStatus, read_mirrors

CENTRE_RECENT_MS = 120_000


@dataclass(frozen=True, slots=True)
class BoxHealth:
    """What a technician and an invigilator may know of the box itself."""

    enrolled: bool
    centre_reachable_at_ms: int | None
    acknowledged_seq: int | None
    sync_error_key: str | None
    disk: DiskView
    refused_documents: tuple[tuple[str, str], ...]
    packages: tuple[tuple[str, int, bool], ...]
    mirrors: tuple[MirrorStatus, ...]
    now_ms: int

    @property
    def mirror_in_trouble(self) -> str:
        """Return the state of the first mirror stick that is in trouble, or nothing."""
        states = (one.state_at(self.now_ms) for one in self.mirrors)
        return next((state for state in states if state != "following"), "")

    def centre_recent(self, now_ms: int) -> bool:
        """Say whether the centre was reached lately."""
        reached = self.centre_reachable_at_ms
        return reached is not None and now_ms - reached < CENTRE_RECENT_MS


def box_health(box: Box) -> BoxHealth:
    """Look at the box."""
    status = _sync_status(box)
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
        refused_documents=tuple(box.store.refused_documents()),
        packages=tuple(
            (one.title if one else name, one.version if one else 0, one is not None)
            for name, one in packages
        ),
        mirrors=read_mirrors(box.settings.data_dir, room.record.journal_id if room else None),
        now_ms=box.clock.wall_ms(),
    )


def _sync_status(box: Box) -> dict[str, Any]:
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
