"""The one zip file for given names and contents: every byte of it follows from them.

Nothing is compressed, every optional field is zero, the date is 1980-01-01.  A reader builds the
zip again from what it read and compares, so that no byte of a package is beyond its signature and
two programs cannot see different files in it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

from appliance.domain.errors import CorruptionError

_VERSION = 20
_UTF8_NAMES = 0x0800
_FIRST_DAY = 0x0021  # 1980-01-01 in DOS form
_NAMES_MAX = 0xFFFE  # one more would need Zip64


class ZipAlteredError(CorruptionError):
    """A zip holds bytes that do not follow from its files."""

    key = "zip_altered"
    staff_message = (
        "This package was damaged or changed on the way. It was not used. Fetch it again."
    )


def write_plain_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the zip that holds these files in this order (at most 65,534 and 4 GiB)."""
    return b"".join(_pieces(files))


def require_plain_zip(data: bytes, files: Mapping[str, bytes]) -> None:
    """Raise ZipAlteredError unless `data` is the plain zip of `files`."""
    view, start = memoryview(data), 0
    for piece in _pieces(files):
        if view[start : start + len(piece)] != piece:
            raise ZipAlteredError
        start += len(piece)
    if start != len(data):
        raise ZipAlteredError


def _pieces(files: Mapping[str, bytes]) -> Iterator[bytes]:
    if len(files) > _NAMES_MAX:
        raise ValueError("a plain zip holds at most 65,534 files")
    directory, offset = [], 0
    for name, content in files.items():
        encoded = name.encode()
        fields = _common_fields(encoded, content)
        local = struct.pack("<I", 0x04034B50) + fields + encoded
        # central directory: made by, common fields, no comment, disk 0, attributes 0, offset
        central = struct.pack("<IH", 0x02014B50, _VERSION) + fields
        directory.append(central + struct.pack("<HHHII", 0, 0, 0, 0, offset) + encoded)
        yield local
        yield content
        offset += len(local) + len(content)
    table = b"".join(directory)
    yield table
    count = len(files)
    yield struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(table), offset, 0)


def _common_fields(name: bytes, content: bytes) -> bytes:
    """What a local header and the central directory say alike, no extra field."""
    size = len(content)
    return struct.pack(
        "<HHHHHIIIHH",
        *(_VERSION, _UTF8_NAMES, 0, 0, _FIRST_DAY, zlib.crc32(content), size, size, len(name), 0),
    )
