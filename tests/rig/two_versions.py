"""A small machine with two pairs of partitions, and images that become updates for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from appliance.formats.keys import pin_centre
from appliance.formats.update_document import UpdateDocument
from appliance.platform.clock import SystemClock
from appliance.platform.system_image import SystemImage
from appliance.services.kept_update import UpdateFolder
from provisioning.sticks.partition_table import TABLE_MAX_BYTES, Partition, read_partitions
from provisioning.system_update.boot_entries import entries_folder
from provisioning.system_update.machine import Machine
from provisioning.system_update.slots import ROOT_KIND, VERITY_KIND, ids_of
from sync.central.centre import Centre, create_centre, open_centre
from sync.central.updates import make_update, write_to_folder
from sync.removable_media.update_stick import updates_folder
from tests.rig.signed_kernel import ImageSigner, pe_file
from tests.rig.small_image import IMAGE_MIB, MIB, partition_table

IMAGE = "examroom-box"
OWN_VERSION = "1.0.0"
SLOT_MIB, HASHES_MIB = 3, 1
LAYOUT = [("esp", 1, 1), ("verity", 2, 1), ("root", 3, 3), ("_empty1", 6, 1), ("_empty2", 7, 3)]
"""Label, first MiB, MiB; the labels of the second pair differ so that both can be told here."""


def root_hash(version: str) -> str:
    """Return the hash of the root of a version."""
    return hashlib.sha256(version.encode()).hexdigest()


def kernel_file(version: str, *, image: str = IMAGE, signer: ImageSigner | None = None) -> bytes:
    """Return what stands for the file that firmware starts."""
    named = f'ID=debian\nIMAGE_ID="{image}"\nIMAGE_VERSION="{version}"\n'
    words = f"roothash={root_hash(version)} quiet"
    text = b"\0".join([named.encode(), words.encode(), version.encode() * 1000, b"\0\0"])
    return pe_file(text, signer)


def make_image(
    folder: Path, version: str, *, image: str, filled_mib: int, signer: ImageSigner | None
) -> Path:
    """Write an image's parts as the build leaves them; return where the image is."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / f"{image}_{version}.raw"
    raw.write_bytes(b"")
    raw.with_suffix(".efi").write_bytes(kernel_file(version, image=image, signer=signer))
    for name, mib in (("root", SLOT_MIB), ("verity", HASHES_MIB)):
        content = f"{name} of {version} ".encode() * 40_000
        if name == "root" and filled_mib:
            content = content.ljust(filled_mib * MIB, b"x")
        raw.with_suffix(f".{name}.raw").write_bytes(content.ljust(mib * MIB, b"\0"))
    return raw


@dataclass(slots=True)
class TwoVersions:
    """A centre, a stick, and a box with the disk it was started from."""

    folder: Path
    centre: Centre
    machine: Machine
    clock: SystemClock

    @property
    def stick(self) -> Path:
        """Return where the stick is mounted."""
        return self.folder / "stick"

    @property
    def data(self) -> Path:
        """Return the box's data."""
        return self.folder / "box"

    @property
    def state(self) -> Path:
        """Return where the program that installs keeps its own."""
        return self.folder / "state"

    @property
    def kept(self) -> UpdateFolder:
        """Return the box's folder for updates."""
        return UpdateFolder(self.data)

    def write_stick(
        self,
        version: str,
        *,
        image: str = IMAGE,
        filled_mib: int = 0,
        signer: ImageSigner | None = None,
    ) -> UpdateDocument:
        """Let the centre write an update to the stick; its root may fill so much."""
        raw = make_image(
            self.folder / "images", version, image=image, filled_mib=filled_mib, signer=signer
        )
        made = make_update(self.centre, raw)
        write_to_folder(self.centre, made, updates_folder(self.stick), actor="test")
        return made.document

    def partitions(self) -> dict[int, Partition]:
        """Return the partitions of the disk by number."""
        with self.machine.disk.open("rb") as file:
            return {one.number: one for one in read_partitions(file.read(TABLE_MAX_BYTES))}

    def read(self, number: int) -> bytes:
        """Return what is in a partition."""
        place = self.partitions()[number]
        with self.machine.disk.open("rb") as file:
            file.seek(place.offset)
            return file.read(place.size)

    def entries(self) -> list[str]:
        """Return the names of what firmware could start."""
        return sorted(one.name for one in entries_folder(self.machine.esp).iterdir())


def make_two_versions(folder: Path) -> TwoVersions:
    """Make a machine that runs OWN_VERSION, enrolled and at rest, and its centre."""
    create_centre(folder / "centre", "Centre")
    clock = SystemClock()
    centre = open_centre(folder / "centre", None, clock)
    own = root_hash(OWN_VERSION)
    disk = folder / "disk.raw"
    root_id, verity_id = ids_of(own)
    ids = {
        "root": (ROOT_KIND, root_id),
        "verity": (VERITY_KIND, verity_id),
        "_empty1": (VERITY_KIND, UUID(int=1)),
        "_empty2": (ROOT_KIND, UUID(int=2)),
    }
    table = partition_table([(label, at * MIB, size * MIB) for label, at, size in LAYOUT], ids)
    disk.write_bytes(table.ljust(IMAGE_MIB * MIB, b"\xff"))
    machine = Machine(
        *(disk, folder / "esp", SystemImage(IMAGE, OWN_VERSION), own), starts_signed_only=False
    )
    entries_folder(machine.esp).mkdir(parents=True)
    (entries_folder(machine.esp) / "first.efi").write_bytes(kernel_file(OWN_VERSION))
    made = TwoVersions(folder, centre, machine, clock)
    for one in (made.stick, made.state, made.kept.path):
        one.mkdir(parents=True)
    pin_centre(made.data / "keys", centre.identity.public)
    made.kept.rest_sign.touch()
    return made
