"""Reading a foreign zip into memory without trusting anything it says about itself.

Sizes are counted while reading, because a zip's own directory can lie.  Names become the keys of
the result and are checked as if they were going to be written to a disk, though they never are.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

from appliance.domain.errors import InvalidInputError

READ_BYTES = 64 * 1024
RATIO_FROM_BYTES = 1024 * 1024
PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED_FLAG = 0x1


class ZipUnreadableError(InvalidInputError):
    """The bytes are not a zip, or one whose contents are damaged."""

    key = "zip_unreadable"
    staff_message = (
        "The file cannot be opened: it is not a zip file, or it was damaged on the way ({detail}). "
        "Copy it again from where it came from."
    )


class ZipTooLargeError(InvalidInputError):
    """One of the limits on count, size or ratio is exceeded."""

    key = "zip_too_large"
    staff_message = (
        "The file was refused because of its size: {detail}. "
        "Make it smaller, or divide it, and try again."
    )


class ZipNameError(InvalidInputError):
    """A member has a name or a nature that no honest exam has."""

    key = "zip_name_refused"
    staff_message = (
        "The file was refused because it contains something unsafe: {detail}. "
        "Ask whoever made it for a clean copy."
    )


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """What a zip may hold.  `ratio_max` is unpacked bytes for each packed byte, over all files."""

    files_max: int = 5_000
    archive_bytes_max: int = 512 * 1024 * 1024
    file_bytes_max: int = 256 * 1024 * 1024
    total_bytes_max: int = 1024 * 1024 * 1024
    ratio_max: int = 200
    name_characters_max: int = 200


def read_zip(data: bytes, limits: ZipLimits) -> dict[str, bytes]:
    """Return the files of a zip by name, in the zip's order; folders are left out.

    Raises ZipUnreadableError, ZipTooLargeError or ZipNameError; never returns a part.
    """
    if len(data) > limits.archive_bytes_max:
        raise ZipTooLargeError(
            detail=f"it has {len(data)} bytes, at most {limits.archive_bytes_max} are read"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_members(archive, limits, _total_bytes_max(data, limits))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise ZipUnreadableError(detail=str(error)) from error
    except (ValueError, IndexError) as error:  # zipfile stumbles: no name, a place before the start
        raise ZipUnreadableError(detail=str(error)) from error


def _total_bytes_max(data: bytes, limits: ZipLimits) -> int:
    """Small files may shrink to almost nothing, so the ratio counts only from 1 MiB on."""
    return min(limits.total_bytes_max, max(RATIO_FROM_BYTES, len(data) * limits.ratio_max))


def _read_members(
    archive: zipfile.ZipFile, limits: ZipLimits, total_bytes_max: int
) -> dict[str, bytes]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > limits.files_max:
        raise ZipTooLargeError(
            detail=f"it holds {len(members)} files, at most {limits.files_max} are read"
        )
    files: dict[str, bytes] = {}
    left = total_bytes_max
    for member in members:
        _check_member(member, limits)
        if member.filename in files:
            raise ZipNameError(detail=f"the name {member.filename!r} twice")
        with archive.open(member) as stream:
            content = _read_bounded(stream, member.filename, min(left, limits.file_bytes_max))
        left -= len(content)
        files[member.filename] = content
    return files


def _read_bounded(stream: IO[bytes], name: str, bytes_max: int) -> bytes:
    content = bytearray()
    while chunk := stream.read(READ_BYTES):
        content += chunk
        if len(content) > bytes_max:
            raise ZipTooLargeError(detail=f"{name!r} unpacks to more than is allowed")
    return bytes(content)


def _check_member(member: zipfile.ZipInfo, limits: ZipLimits) -> None:
    name = member.filename
    if len(name) > limits.name_characters_max:
        raise ZipNameError(detail=f"a name of {len(name)} characters")
    # orig_filename is what the bytes say: zipfile cuts `filename` at a NUL and turns the
    # separators of its own platform, so a name could look harmless only after that.
    if any(not character.isprintable() for character in member.orig_filename):
        raise ZipNameError(detail=f"a name with invisible characters, {member.orig_filename!r}")
    parts = name.split("/")
    if "\\" in name or ":" in parts[0] or name.startswith("/") or {"", ".", ".."} & set(parts):
        raise ZipNameError(detail=f"a name that points elsewhere, {name!r}")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise ZipNameError(detail=f"{name!r} is a link or a device, not a file")
    if member.flag_bits & ENCRYPTED_FLAG:
        raise ZipUnreadableError(detail=f"{name!r} is locked with a password")
    if member.compress_type not in PLAIN_METHODS:
        raise ZipUnreadableError(detail=f"{name!r} is packed in a way that is not supported")
