"""The versions on the boot partition: one file each, with the tries it has left in its name.

    NAME.efi       has served                    NAME+2-1.efi   two tries left, one was made
    NAME+3.efi     was never started             NAME+0-3.efi   given up by systemd-boot

https://systemd.io/AUTOMATIC_BOOT_ASSESSMENT/ is the source of these names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from appliance.formats.update_document import root_hash_of
from appliance.platform.system_image import SystemImage, image_named_in

TRIES = 3
HEAD_BYTES = 2**20
"""Names and command line stand at the beginning of such a file."""

_NAME = re.compile(r".+?(?:\+(?P<left>[0-9]{1,3})(?:-[0-9]{1,3})?)?\.efi")


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One version.  `tries_left` is None once it has served."""

    path: Path
    system: SystemImage
    root_hash: str
    tries_left: int | None


def entries_folder(esp: Path) -> Path:
    """Return where systemd-boot finds versions by itself."""
    return esp / "EFI" / "Linux"


def list_entries(esp: Path) -> list[BootEntry]:
    """Return the versions that can be read, by file name."""
    found = (_read(path) for path in sorted(entries_folder(esp).glob("*.efi")))
    return [one for one in found if one is not None]


def _read(path: Path) -> BootEntry | None:
    named = _NAME.fullmatch(path.name)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    system, root_hash = image_named_in(head.decode("latin-1")), root_hash_of(head)
    if named is None or system is None or root_hash is None:
        return None
    left = named.group("left")
    return BootEntry(path, system, root_hash, None if left is None else int(left))
