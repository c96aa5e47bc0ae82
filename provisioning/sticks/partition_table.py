"""The partition table of an image or a disk (GPT, UEFI 2.10 section 5.3), read with limits.

Only what our images have is read: sectors of 512 bytes, at most 128 entries of 128 bytes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from uuid import UUID

from appliance.domain.errors import InvalidInputError

SECTOR_BYTES = 512
TABLE_MAX_BYTES = 2**16
"""More than the protective record, the header and 128 entries take."""

HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
ENTRY = struct.Struct("<16s16sQQQ72s")
_ENTRIES_MAX = 128


class ImageUnfitError(InvalidInputError):
    """The file is not an image of ours, or not a whole one."""

    key = "image_unfit"
    staff_message = "{path} is not an image for a stick: {problem}. Fetch it again."


class TableUnreadableError(ValueError):
    """These bytes are no partition table."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; offset and size in bytes.  `number` counts from 1, as in the table."""

    label: str
    offset: int
    size: int
    number: int
    kind: UUID
    own_id: UUID

    @property
    def end(self) -> int:
        """Where the next byte after it is."""
        return self.offset + self.size


def read_partitions(start: bytes) -> list[Partition]:
    """Return the partitions by place, from the first bytes of an image or a disk.

    Raises TableUnreadableError.
    """
    if len(start) < SECTOR_BYTES + HEADER.size:
        raise TableUnreadableError("it is too short")
    header = HEADER.unpack_from(start, SECTOR_BYTES)
    magic, _, size, checksum, _, own_lba, *_, entries_lba, count, entry_size, table_sum = header
    if magic != b"EFI PART" or own_lba != 1 or size != HEADER.size:
        raise TableUnreadableError("it has no partition table")
    bare = bytearray(start[SECTOR_BYTES : SECTOR_BYTES + size])
    bare[16:20] = bytes(4)
    if zlib.crc32(bare) != checksum or count > _ENTRIES_MAX or entry_size != ENTRY.size:
        raise TableUnreadableError("its partition table is damaged")
    first = entries_lba * SECTOR_BYTES
    table = start[first : first + count * entry_size]
    if len(table) != count * entry_size or zlib.crc32(table) != table_sum:
        raise TableUnreadableError("its partition table is damaged")
    entries = enumerate(ENTRY.iter_unpack(table), start=1)
    return _in_order([_partition(number, entry) for number, entry in entries if any(entry[0])])


def _partition(number: int, entry: tuple[bytes, bytes, int, int, int, bytes]) -> Partition:
    kind, own_id, first, last, _, name = entry
    return Partition(
        label=name.decode("utf-16-le", errors="replace").rstrip("\0"),
        offset=first * SECTOR_BYTES,
        size=(last - first + 1) * SECTOR_BYTES,
        number=number,
        kind=UUID(bytes_le=kind),
        own_id=UUID(bytes_le=own_id),
    )


def _in_order(found: list[Partition]) -> list[Partition]:
    ordered = sorted(found, key=lambda one: one.offset)
    end = SECTOR_BYTES
    for one in ordered:
        if one.size <= 0 or one.offset < end:
            raise TableUnreadableError("its partitions overlap")
        end = one.end
    return ordered
