"""Making an update of a box's image: its parts, and the document that the centre signs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from appliance.domain.errors import InvalidInputError
from appliance.formats.update_document import (
    UpdateDocument,
    UpdatePart,
    root_hash_of,
    write_update,
)
from appliance.platform.files import make_folder, write_durably
from appliance.platform.system_image import image_named_in
from sync.central.centre import Centre
from sync.central.database import write

SPLIT_NAMES = {"kernel": ".efi", "root": ".root.raw", "verity": ".verity.raw"}
"""How the build names what it leaves beside an image."""

_BLOCK_BYTES = 2**20
_HEAD_BYTES = 2**20
"""Names and command line stand at the beginning of a kernel file."""


class ImagePartsMissingError(InvalidInputError):
    """The image is not one that was built here, with its parts beside it."""

    key = "image_parts_missing"
    staff_message = "{path} cannot become an update: {problem}. Build the image anew."


def make_update(centre: Centre, image: Path, target: Path, *, actor: str) -> UpdateDocument:
    """Write the update to the version of `image` into the folder `target`.

    `image` is a box's `.raw`, with the parts beside it as the build leaves them.
    Raises ImagePartsMissingError.
    """
    sources = {name: image.with_suffix(suffix) for name, suffix in SPLIT_NAMES.items()}
    missing = [path.name for path in sources.values() if not path.is_file()]
    if missing:
        raise ImagePartsMissingError(path=str(image), problem=f"{missing[0]} is not beside it")
    with sources["kernel"].open("rb") as file:
        head = file.read(_HEAD_BYTES)
    named = image_named_in(head.decode("latin-1"))
    if named is None or root_hash_of(head) is None:
        problem = f"{sources['kernel'].name} names no image, or no root"
        raise ImagePartsMissingError(path=str(image), problem=problem)
    make_folder(target)
    stem = target / f"{named.image}_{named.version}"
    parts = {
        name: _copy(source, Path(f"{stem}.{name}"), _size(name, source))
        for name, source in sources.items()
    }
    document = UpdateDocument(
        image=named.image,
        version=named.version,
        made_at_ms=centre.clock.wall_ms(),
        kernel=parts["kernel"],
        root=parts["root"],
        verity=parts["verity"],
    )
    # The document comes last: where it is, everything is.
    write_durably(target / document.file_name, write_update(document, centre=centre.identity))
    with write(centre.engine) as connection:
        centre.record(connection, actor, "update_made", f"{named.image} {named.version}")
    return document


def _copy(source: Path, target: Path, size: int) -> UpdatePart:
    """Copy the first `size` bytes of a file, and say what was copied."""
    left = size
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(min(left, _BLOCK_BYTES)):
            digest.update(block)
            writing.write(block)
            left -= len(block)
        writing.flush()
        os.fsync(writing.fileno())
    return UpdatePart(size=size, sha256=digest.digest())


def _size(name: str, path: Path) -> int:
    """Return how much of a part is copied: of a partition, not the zeros at its end."""
    return path.stat().st_size if name == "kernel" else _size_without_zeros(path)


def _size_without_zeros(path: Path) -> int:
    end = path.stat().st_size
    with path.open("rb") as file:
        while end:
            start = max(0, end - _BLOCK_BYTES)
            file.seek(start)
            if filled := len(file.read(end - start).rstrip(b"\0")):
                return start + filled
            end = start
    return 0
