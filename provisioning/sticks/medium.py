"""A stick as bytes at places: written, made durable, and read back from the medium itself."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK_BYTES = 4096
"""Reads past the cache begin and end at such borders."""


class Medium:
    """One open stick.  Raises OSError for what the stick or the kernel refuses."""

    def __init__(self, path: Path) -> None:
        """Open it for nobody else: the kernel refuses a disk of which anything is mounted."""
        is_disk = stat.S_ISBLK(path.stat().st_mode)
        self._fd = os.open(path, os.O_RDWR | (os.O_EXCL if is_disk else 0))
        self._direct = _open_direct(path)
        self.size = os.lseek(self._fd, 0, os.SEEK_END)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close it."""
        os.close(self._fd)
        if self._direct is not None:
            os.close(self._direct)

    def write(self, offset: int, data: bytes) -> None:
        """Write; it is durable only after `settle`."""
        view = memoryview(data)
        while view:
            done = os.pwrite(self._fd, view, offset)
            offset, view = offset + done, view[done:]

    def settle(self) -> None:
        """Wait until the medium has everything, and forget what the computer still knows of it."""
        os.fsync(self._fd)
        os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def read(self, offset: int, size: int) -> bytes:
        """Read from the medium, past the computer's cache where it lets us."""
        if self._direct is None or offset % BLOCK_BYTES:
            return os.pread(self._fd, size, offset)
        # Reading past the cache wants a buffer of whole pages.
        with mmap.mmap(-1, -(-size // BLOCK_BYTES) * BLOCK_BYTES) as buffer:
            done = 0
            while done < size:
                with memoryview(buffer) as whole, whole[done:] as rest:
                    count = os.preadv(self._direct, [rest], offset + done)
                if count == 0:
                    break
                done += count
                if count % BLOCK_BYTES:
                    break
            return buffer[: min(done, size)]


def _open_direct(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        return None
