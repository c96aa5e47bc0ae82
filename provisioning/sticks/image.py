"""An image and what of it is written to a stick: pieces, each with the digest it must have.

The image is a sparse file.  A hole outside every partition is left alone: nobody reads there.  A
hole inside one is zeros that are needed: file tables of the vfat partitions have them, and the
hashes of the verified root cover its whole partition, whose last sectors every system looks at.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from provisioning.sticks.partition_table import (
    TABLE_MAX_BYTES,
    ImageUnfitError,
    Partition,
    TableUnreadableError,
    read_partitions,
)

PIECE_BYTES = 4 * 2**20
SETTINGS_LABEL = "EXAMROOM"
_ZEROS = bytes(PIECE_BYTES)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes at `offset` of the stick; `source` None stands for zeros."""

    offset: int
    size: int
    source: Path | None
    source_offset: int
    sha256: bytes

    def read(self) -> bytes:
        """Return the bytes."""
        if self.source is None:
            return _ZEROS[: self.size]
        with self.source.open("rb") as file:
            file.seek(self.source_offset)
            return file.read(self.size)


@dataclass(frozen=True, slots=True)
class Image:
    """An image, its partitions and pieces."""

    path: Path
    size: int
    partitions: tuple[Partition, ...]
    pieces: tuple[Piece, ...]

    @property
    def system(self) -> str:
        """What it is, as its builder labelled the root: `examroom-box_0.1.0`."""
        return self.partitions[-1].label

    def partition(self, label: str) -> Partition:
        """Return one partition; raises ImageUnfitError."""
        for one in self.partitions:
            if one.label == label:
                return one
        raise ImageUnfitError(path=str(self.path), problem=f"it has no partition {label}")

    def with_settings(self, settings: Path) -> tuple[Piece, ...]:
        """Return the pieces with `settings`, a file system, in the settings partition's place."""
        place = self.partition(SETTINGS_LABEL)
        others = [one for one in self.pieces if not _overlaps(one, place)]
        own = [
            replace(one, offset=place.offset + one.offset)
            for one in _pieces(settings, [replace(place, offset=0)])
        ]
        return tuple(sorted((*others, *own), key=lambda one: one.offset))


def read_image(path: Path) -> Image:
    """Read table and digests of an image; raises ImageUnfitError."""
    try:
        with path.open("rb") as file:
            start = file.read(TABLE_MAX_BYTES)
        size = path.stat().st_size
        partitions = read_partitions(start)
    except OSError as problem:
        raise ImageUnfitError(path=str(path), problem=str(problem.strerror)) from problem
    except TableUnreadableError as problem:
        raise ImageUnfitError(path=str(path), problem=str(problem)) from problem
    if not partitions or partitions[-1].end > size:
        raise ImageUnfitError(path=str(path), problem="it is cut off")
    return Image(path, size, tuple(partitions), tuple(_pieces(path, partitions)))


def _overlaps(piece: Piece, place: Partition) -> bool:
    return piece.offset < place.end and place.offset < piece.offset + piece.size


def _pieces(path: Path, needed: list[Partition]) -> Iterator[Piece]:
    """Yield the pieces of a file; none reaches across the border of a partition."""
    size = path.stat().st_size
    borders = sorted({0, size, *(one.offset for one in needed), *(one.end for one in needed)})
    data = list(_data_runs(path, size))
    for begin, end in pairwise(borders):
        is_needed = any(one.offset <= begin < one.end for one in needed)
        for offset in range(begin, end, PIECE_BYTES):
            length = min(PIECE_BYTES, end - offset)
            if any(first < offset + length and offset < last for first, last in data):
                piece = Piece(offset, length, path, offset, b"")
            elif is_needed:
                piece = Piece(offset, length, None, 0, b"")
            else:
                continue
            yield replace(piece, sha256=hashlib.sha256(piece.read()).digest())


def _data_runs(path: Path, size: int) -> Iterator[tuple[int, int]]:
    """Yield where the file holds data; all of it where its file system cannot tell."""
    with path.open("rb") as file:
        offset = 0
        with suppress(OSError):
            while offset < size:
                try:
                    first = os.lseek(file.fileno(), offset, os.SEEK_DATA)
                except OSError as problem:
                    if problem.errno == errno.ENXIO:
                        return
                    raise
                offset = os.lseek(file.fileno(), first, os.SEEK_HOLE)
                yield first, offset
        if offset < size:
            yield offset, size
