"""Which image this system was started from; os-release(5) of our images says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_ID = re.compile(r'^IMAGE_ID="?([a-z-]{1,32})"?$', re.MULTILINE)
_VERSION = re.compile(r'^IMAGE_VERSION="?([0-9]{1,5}(?:\.[0-9]{1,5}){1,3})"?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SystemImage:
    """An image by its name, and its version."""

    image: str
    version: str


def running_image(root: Path = Path("/")) -> SystemImage | None:
    """Return what runs; None on a system that was installed by packages."""
    try:
        text = (root / "etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return None
    return image_named_in(text)


def running_version() -> str:
    """Return the version of the image that runs, or of the package where none of ours does."""
    image = running_image()
    return version("examroom") if image is None else image.version


def image_named_in(os_release: str) -> SystemImage | None:
    """Return the image that the text of an os-release names."""
    name, number = _ID.search(os_release), _VERSION.search(os_release)
    if name is None or number is None:
        return None
    return SystemImage(name.group(1), number.group(1))
