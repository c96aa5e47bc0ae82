"""Giving partitions other names and ids, in both copies of a disk's table.

The copy at the end of the disk is written first: whenever the power goes, one of the two is whole,
and firmware and kernel use that one.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import BinaryIO
from uuid import UUID

from provisioning.sticks.partition_table import (
    ENTRY,
    HEADER,
    SECTOR_BYTES,
    TABLE_MAX_BYTES,
    read_partitions,
)

_LABEL_BYTES = 72
_FIRST_COPY = 1


def rename_partitions(disk: BinaryIO, names: Mapping[int, tuple[str, UUID]]) -> None:
    """Give the partitions of these numbers a (label, own id); durable when it returns.

    Raises TableUnreadableError; nothing is changed then.
    """
    disk.seek(0)
    start = disk.read(TABLE_MAX_BYTES)
    read_partitions(start)
    header = list(HEADER.unpack_from(start, SECTOR_BYTES))
    last_lba, first, count = header[6], header[10] * SECTOR_BYTES, header[11]
    entries = bytearray(start[first : first + count * ENTRY.size])
    for number, (label, own_id) in names.items():
        at = (number - 1) * ENTRY.size
        entries[at + 16 : at + 32] = own_id.bytes_le
        entries[at + 56 : at + 128] = label.encode("utf-16-le").ljust(_LABEL_BYTES, b"\0")
    sectors = -(-len(entries) // SECTOR_BYTES)
    _write_copy(disk, header, bytes(entries), (last_lba, _FIRST_COPY, last_lba - sectors))
    _write_copy(disk, header, bytes(entries), (_FIRST_COPY, last_lba, header[10]))


def _write_copy(
    disk: BinaryIO, header: list[object], entries: bytes, places: tuple[int, int, int]
) -> None:
    """Write one copy; `places` are its own sector, the other copy's, and that of its entries."""
    fields = [*header]
    fields[5], fields[6], fields[10] = places
    fields[3], fields[13] = 0, zlib.crc32(entries)
    fields[3] = zlib.crc32(HEADER.pack(*fields))
    disk.seek(places[2] * SECTOR_BYTES)
    disk.write(entries)
    disk.seek(places[0] * SECTOR_BYTES)
    disk.write(HEADER.pack(*fields))
    disk.flush()
    os.fsync(disk.fileno())
