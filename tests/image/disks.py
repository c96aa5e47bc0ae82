"""The disks of the machines: sticks larger than their image, and a disk that nobody may touch."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from tests.image.machine import Machine
from tests.rig.small_image import partition_table

OWN_DISK_MIB = 64


def empty_disk(path: Path, mib: int) -> Path:
    """Make a disk without anything on it."""
    with path.open("wb") as file:
        file.truncate(mib * 2**20)
    return path


def grow(disk: Path, mib: int) -> None:
    """Let a stick be larger than its image, as real ones are."""
    with disk.open("ab") as file:
        file.truncate(disk.stat().st_size + mib * 2**20)


def add_disk(machine: Machine, path: Path) -> None:
    """Build a disk into a machine that is off, beside the stick that it starts from."""
    machine.extra = (
        *machine.extra,
        *("-drive", f"if=none,id=own,format=raw,file={path}"),
        *("-device", "virtio-blk-pci,drive=own"),
    )


def tempting_disk(path: Path) -> str:
    """Make a disk with a partition that is called like a client's; return what its bytes are."""
    table = bytearray(partition_table([("examroom-client-data", 2**20, OWN_DISK_MIB * 2**19)]))
    # Without the old kind of table before it the kernel does not believe the new one.
    table[446:512] = struct.pack("<8x I I 48x 2s", 1, 0xFFFFFFFF, b"\x55\xaa")
    table[450] = 0xEE
    with empty_disk(path, OWN_DISK_MIB).open("r+b") as file:
        file.write(table)
    return digest(path)


def digest(path: Path) -> str:
    """Return the SHA-256 of a disk."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
