"""The machine that is updated, found by what the kernel says it was started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.formats.update_document import root_hash_of, version_order
from appliance.formats.update_status import RefusedUpdate, UpdateStatus
from appliance.platform.machine import secure_boot
from appliance.platform.system_image import SystemImage, running_image
from provisioning.system_update.boot_entries import list_entries
from provisioning.system_update.slots import ids_of


@dataclass(frozen=True, slots=True)
class Machine:
    """What is updated: its disk, its boot partition, and what runs, with the hash of its root.

    `starts_signed_only`: its firmware refuses what is not signed with a key that it knows.
    """

    disk: Path
    esp: Path
    running: SystemImage
    root_hash: str
    starts_signed_only: bool

    def status(self, refused: RefusedUpdate | None) -> UpdateStatus:
        """Say which later version waits for a start, and which one systemd-boot has given up."""
        waiting: list[str] = []
        given_up: list[str] = []
        for entry in list_entries(self.esp):
            version = entry.system.version
            if version_order(version) > version_order(self.running.version):
                (given_up if entry.tries_left == 0 else waiting).append(version)
        return UpdateStatus(
            installed=max(waiting, key=version_order, default=None),
            given_up=max(given_up, key=version_order, default=None),
            refused=refused,
        )


def find_machine(esp: Path, root: Path = Path("/")) -> Machine | None:
    """Return this machine; None where it was not started from an image of ours."""
    running = running_image(root)
    root_hash = root_hash_of((root / "proc/cmdline").read_bytes())
    if running is None or root_hash is None:
        return None
    root_id, _ = ids_of(root_hash)
    partition = (root / "dev/disk/by-partuuid" / str(root_id)).resolve().name
    # The kernel keeps a partition in the folder of its disk.
    disk = (root / "sys/class/block" / partition).resolve().parent.name
    return Machine(root / "dev" / disk, esp, running, root_hash, secure_boot(root))
