"""Where an exam comes from: a zip, a folder, or a single XML file with what lies beside it.

Every file that is read is remembered, so that exactly what the exam was made of goes into the
archive as its original.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from appliance.domain.errors import InvalidInputError, NotFoundError
from appliance.formats.zip_reading import ZipLimits, ZipTooLargeError, read_zip

SOURCE_LIMITS = ZipLimits()
ZIP_MAGIC = b"PK\x03\x04"


class SourceMissingError(NotFoundError):
    """There is no file or folder of that name."""

    key = "exam_source_missing"
    staff_message = "There is no file or folder {name}. Check the name and try again."


class SourceUnknownError(InvalidInputError):
    """The file holds nothing that can be imported."""

    key = "exam_source_unknown"
    staff_message = (
        "No exam was found in {name}: {detail}. "
        "A QTI package (zip or folder) or a single QTI, Moodle XML or GIFT file can be imported."
    )


class Source(Protocol):
    """Files by their path within the source, `/` between folders."""

    name: str

    def names(self) -> list[str]:
        """Return the paths of all files that may be looked at unasked."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, or None where there is none of that name."""

    def original(self) -> dict[str, bytes]:
        """Return the untouched source for the archive, by path."""


class ZipSource:
    """The files of a zip; the original is the zip itself."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._data = data
        self._files = read_zip(data, SOURCE_LIMITS)

    def names(self) -> list[str]:
        """Return every path but the litter that macOS puts into zips."""
        return [name for name in self._files if not name.startswith("__MACOSX/")]

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None."""
        return self._files.get(path)

    def original(self) -> dict[str, bytes]:
        """Return the zip as it came."""
        return {self.name: self._data}


class FolderSource:
    """A folder, or one file in it; nothing outside the folder can be reached."""

    def __init__(self, folder: Path, only: str | None = None) -> None:
        self.name = only or folder.name
        self._folder = folder.resolve()
        self._only = only
        self._taken: dict[str, bytes] = {}

    def names(self) -> list[str]:
        """Return all files of the folder, or the one file that was named."""
        if self._only is not None:
            return [self._only]
        found = sorted(
            path.relative_to(self._folder).as_posix()
            for path in self._folder.rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        if len(found) > SOURCE_LIMITS.files_max:
            raise ZipTooLargeError(
                detail=f"the folder holds {len(found)} files, "
                f"at most {SOURCE_LIMITS.files_max} are read"
            )
        return found

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None; links are not followed out of the folder."""
        if path in self._taken:
            return self._taken[path]
        try:
            place = (self._folder / path).resolve()
            is_here = place.is_relative_to(self._folder) and place.is_file()
        except (OSError, ValueError):  # no name that a file could have: too long, or with a NUL
            is_here = False
        if not is_here:
            return None
        room = SOURCE_LIMITS.total_bytes_max - sum(map(len, self._taken.values()))
        if place.stat().st_size > min(SOURCE_LIMITS.file_bytes_max, room):
            raise ZipTooLargeError(detail=f"{path!r} is larger than is allowed")
        self._taken[path] = place.read_bytes()
        return self._taken[path]

    def original(self) -> dict[str, bytes]:
        """Return every file the import has read."""
        return dict(self._taken)


def open_source(path: Path) -> Source:
    """Open a zip, a folder or a single file.

    Raises SourceMissingError, SourceUnknownError or a zip error.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.is_file():
        raise SourceMissingError(name=str(path))
    if path.stat().st_size > SOURCE_LIMITS.archive_bytes_max:
        raise ZipTooLargeError(detail=f"it has {path.stat().st_size} bytes")
    data = path.read_bytes()
    if data.startswith(ZIP_MAGIC):
        return ZipSource(path.name, data)
    return FolderSource(path.parent, only=path.name)


def resolve(base: str, href: str) -> str | None:
    """Return the path that `href` in file `base` means; None where it leaves the source."""
    path = unquote(href.split("#", 1)[0].split("?", 1)[0])
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    if not path or joined.startswith(("../", "/")) or joined == "..":
        return None
    return joined
