"""Files and folders that are there whole, or not at all, whatever happens to the power."""

from __future__ import annotations

import os
from pathlib import Path

READ_AT_ONCE_BYTES = 1024 * 1024


def write_durably(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write beside, sync, rename over, sync the folder.  `mode` is what the umask leaves of it."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)  # left by a power cut, perhaps with another mode
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        beside.replace(path)
        # FAT writes the new name with neither size nor place, until the file itself is synced: a
        # stick that was pulled, or a box that died, left an empty file.
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file, if it is there; after a power cut it is still gone."""
    if path.exists():
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder and those above it, unless they are there.

    Each is synced into the one above: what is durable in a folder is lost with the folder's name.
    """
    if path.is_dir():
        return
    make_folder(path.parent, mode=mode)
    path.mkdir(mode=mode, exist_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_from_medium(path: Path, bytes_max: int) -> bytes:
    """Read at most `bytes_max` bytes of a file from the medium itself, not from memory.

    Right after `write_durably` the system would answer from its own copy, which says nothing about
    what a stick kept.
    """
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        parts = []
        while bytes_max > 0 and (part := file.read(min(bytes_max, READ_AT_ONCE_BYTES))):
            parts.append(part)
            bytes_max -= len(part)
    return b"".join(parts)
