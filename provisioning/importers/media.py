"""Pictures, sound and film: taken from the source, recognised by their bytes, named by their hash.

What a file is comes from its first bytes, never from its name, because the box will serve it
under a media type and a name of ours.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from provisioning.importers.sources import Source, resolve

NAME_HASH_CHARACTERS = 20

# extension: (media type, test of the first bytes)
_SIGNATURES: tuple[tuple[str, str, re.Pattern[bytes]], ...] = (
    ("png", "image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", "image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("gif", "image/gif", re.compile(rb"GIF8[79]a")),
    ("webp", "image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("wav", "audio/wav", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("mp3", "audio/mpeg", re.compile(rb"ID3|\xff[\xfb\xf3\xf2\xfa]")),
    ("m4a", "audio/mp4", re.compile(rb"....ftypM4[AB]", re.DOTALL)),
    ("mp4", "video/mp4", re.compile(rb"....ftyp", re.DOTALL)),
    ("webm", "video/webm", re.compile(rb"\x1aE\xdf\xa3")),
    ("ogg", "audio/ogg", re.compile(rb"OggS")),
    ("vtt", "text/vtt", re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT")),
)
MEDIA_TYPES = {extension: media_type for extension, media_type, _ in _SIGNATURES}


class MediaRefused(Exception):  # noqa: N818 - caught by the importer, never shown as it is
    """Why a reference to a file cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """One file of the exam.  Width and height only for pictures."""

    href: str
    media_type: str
    size: tuple[int, int] | None


class MediaShelf:
    """All media of one exam, each content once; `files` by name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.files: dict[str, bytes] = {}

    def take(self, base: str, href: str) -> MediaFile:
        """Take in the file that `href` in file `base` means.  Raises MediaRefused."""
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.\-]*:|//", href):
            raise MediaRefused(f"it lies outside the file, at {href[:120]}")
        path = resolve(base, href)
        content = None if path is None else self._source.read(path)
        if content is None:
            raise MediaRefused(f"there is no file {href[:120]}")
        kind = _recognise(content)
        if kind is None:
            raise MediaRefused(f"{href[:120]} is no picture, sound or film of a supported kind")
        return self.keep(content, kind)

    def keep(self, content: bytes, kind: str) -> MediaFile:
        """Put content of a known kind (its extension) on the shelf."""
        name = f"{hashlib.sha256(content).hexdigest()[:NAME_HASH_CHARACTERS]}.{kind}"
        self.files[name] = content
        return MediaFile(
            href=f"media/{name}", media_type=MEDIA_TYPES[kind], size=picture_size(content)
        )


def _recognise(content: bytes) -> str | None:
    for extension, _, signature in _SIGNATURES:
        if signature.match(content[:16]):
            return extension
    return None


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG, GIF or JPEG in pixels; None for anything else."""
    if content.startswith(b"\x89PNG") and len(content) >= 24:
        wide, high = struct.unpack(">II", content[16:24])
        return wide, high
    if content.startswith(b"GIF8") and len(content) >= 10:
        wide, high = struct.unpack("<HH", content[6:10])
        return wide, high
    return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header, the only one that knows the size."""
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}:
            high, wide = struct.unpack(">HH", content[place + 5 : place + 9])
            return wide, high
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        place += 2 + length
    return None
