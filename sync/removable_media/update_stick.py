"""Updates on a stick, as the centre wrote them and as a box takes them.

STICK/examroom/updates/IMAGE_VERSION.update                  the document that the centre signed
STICK/examroom/updates/IMAGE_VERSION.kernel, .root, .verity  its parts

Every byte is read once, and hashed while it is copied: a stick may give another the second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import PublicIdentity
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.formats.update_document import UpdateDocument
from appliance.platform.system_image import SystemImage
from appliance.services.kept_update import PIECE_BYTES, UpdateFolder
from appliance.services.take_update import take_update
from sync.removable_media.stick import Carried, list_files, read_bounded


def updates_folder(stick: Path) -> Path:
    """Return where updates lie on a stick."""
    return stick / "examroom" / "updates"


def take_updates(
    stick: Path,
    kept: UpdateFolder,
    *,
    centre: PublicIdentity,
    running: SystemImage | None,
    at_ms: int,
) -> Carried:
    """Copy what this box should have of the updates on a stick; a later one replaces another.

    What is refused is noted for the box's page; what the box has already is left alone.
    """
    count = 0
    refused: dict[str, str] = {}
    sources_of = partial(_sources, updates_folder(stick))
    for path in list_files(updates_folder(stick)):
        if path.suffix != ".update":
            continue
        try:
            signed = read_bounded(path, SIGNED_MAX_BYTES)
            count += take_update(kept, signed, sources_of, centre=centre, running=running)
        except ExamroomError as problem:
            refused[path.name] = problem.key
            kept.note_refused(problem, at_ms)
    return Carried(count, refused)


def _sources(folder: Path, document: UpdateDocument) -> dict[str, partial[Iterator[bytes]]]:
    return {
        name: partial(_pieces, folder / document.part_file_name(name)) for name in document.parts
    }


def _pieces(path: Path, offset: int) -> Iterator[bytes]:
    """Give a file from an offset on; nothing where there is none, or a link."""
    if not path.is_file() or path.is_symlink():
        return
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(PIECE_BYTES):
            yield piece
