"""Updates of a box's image: made of what the build left, signed, onto a stick or to boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select

from appliance.domain.errors import InvalidInputError
from appliance.formats.update_document import (
    FETCHED_PIECE_BYTES,
    UPDATE_KIND,
    UpdateDocument,
    UpdatePart,
    root_hash_of,
    write_update,
)
from appliance.platform.files import make_folder, write_durably
from appliance.platform.ids import new_id
from appliance.platform.system_image import image_named_in
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import insert_missing, read, write
from sync.central.mailbox import DocumentUnknownError, post_document
from sync.central.tables import update_pieces

SPLIT_NAMES = {"kernel": ".efi", "root": ".root.raw", "verity": ".verity.raw"}
"""How the build names what it leaves beside an image."""

_HEAD_BYTES = 2**20
"""Names and command line stand at the beginning of a kernel file."""


class ImagePartsMissingError(InvalidInputError):
    """The image is not one that was built here, with its parts beside it."""

    key = "image_parts_missing"
    staff_message = "{path} cannot become an update: {problem}. Build the image anew."


@dataclass(frozen=True, slots=True)
class MadeUpdate:
    """A document, and the file that each of its parts is the beginning of."""

    document: UpdateDocument
    files: dict[str, Path]

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give a part in pieces."""
        return _pieces(self.files[name], self.document.parts[name].size)


def make_update(centre: Centre, image: Path) -> MadeUpdate:
    """Make the update to the version of `image`, a box's `.raw` with its parts beside it.

    Raises ImagePartsMissingError.
    """
    files = {name: image.with_suffix(suffix) for name, suffix in SPLIT_NAMES.items()}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise ImagePartsMissingError(path=str(image), problem=f"{missing[0]} is not beside it")
    with files["kernel"].open("rb") as file:
        head = file.read(_HEAD_BYTES)
    named = image_named_in(head.decode("latin-1"))
    if named is None or root_hash_of(head) is None:
        problem = f"{files['kernel'].name} names no image, or no root"
        raise ImagePartsMissingError(path=str(image), problem=problem)
    document = UpdateDocument(
        image=named.image,
        version=named.version,
        made_at_ms=centre.clock.wall_ms(),
        kernel=_part(files["kernel"], files["kernel"].stat().st_size),
        # Of a partition, not the zeros at its end.
        root=_part(files["root"], _size_without_zeros(files["root"])),
        verity=_part(files["verity"], _size_without_zeros(files["verity"])),
    )
    return MadeUpdate(document, files)


def write_to_folder(centre: Centre, made: MadeUpdate, target: Path, *, actor: str) -> None:
    """Write an update as a stick has it."""
    document = made.document
    make_folder(target)
    for name in document.parts:
        with (target / document.part_file_name(name)).open("wb") as file:
            file.writelines(made.pieces(name))
    # The document comes last: where it is, everything is.
    write_durably(target / document.file_name, write_update(document, centre=centre.identity))
    with write(centre.engine) as connection:
        centre.record(connection, actor, "update_written", f"{document.image} {document.version}")


def send_update(centre: Centre, made: MadeUpdate, box_ids: tuple[str, ...], *, actor: str) -> None:
    """Let boxes fetch an update; what was sent before it is not kept.  Raises BoxUnknownError."""
    for box_id in box_ids:
        find_box(centre, box_id)
    document = made.document
    hashes = {name: part.sha256.hex() for name, part in document.parts.items()}
    for name, sha256 in hashes.items():
        for number, data in enumerate(made.pieces(name)):
            # Each in a transaction of its own: results that come in meanwhile do not wait.
            with write(centre.engine) as connection:
                row = {"sha256": sha256, "number": number, "data": data}
                insert_missing(connection, update_pieces, [row])
    signed = write_update(document, centre=centre.identity)
    with write(centre.engine) as connection:
        connection.execute(
            delete(update_pieces).where(update_pieces.c.sha256.not_in(hashes.values()))
        )
        for box_id in box_ids:
            posted = (f"update-{new_id()}", UPDATE_KIND, signed)
            post_document(connection, box_id, posted, at_ms=centre.clock.wall_ms())
        centre.record(connection, actor, "update_sent", f"{document.image} {document.version}")


def update_piece(centre: Centre, sha256: str, number: int) -> bytes:
    """Return a piece of a part; raises DocumentUnknownError."""
    with read(centre.engine) as connection:
        data = connection.execute(
            select(update_pieces.c.data).where(
                update_pieces.c.sha256 == sha256, update_pieces.c.number == number
            )
        ).scalar_one_or_none()
    if data is None:
        raise DocumentUnknownError
    return bytes(data)


def _part(path: Path, size: int) -> UpdatePart:
    digest = hashlib.sha256()
    for piece in _pieces(path, size):
        digest.update(piece)
    return UpdatePart(size=size, sha256=digest.digest())


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(min(size, FETCHED_PIECE_BYTES)):
            yield piece
            size -= len(piece)


def _size_without_zeros(path: Path) -> int:
    end = path.stat().st_size
    with path.open("rb") as file:
        while end:
            start = max(0, end - FETCHED_PIECE_BYTES)
            file.seek(start)
            if filled := len(file.read(end - start).rstrip(b"\0")):
                return start + filled
            end = start
    return 0
