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
from appliance.formats.update_document import UpdateDocument, read_update
from appliance.platform.system_image import SystemImage
from appliance.services.kept_update import PIECE_BYTES, UpdateFolder, read_status
from appliance.services.update_rules import UpdateNotNewerError, require_wanted
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
    for path in list_files(updates_folder(stick)):
        if path.suffix != ".update":
            continue
        document = None
        try:
            signed = read_bounded(path, SIGNED_MAX_BYTES)
            document = read_update(signed, centre=centre)
            require_wanted_here(document, kept, centre=centre, running=running)
            kept.keep(signed, document, _sources(path.parent, document))
            count += 1
        except ExamroomError as problem:
            version = document.version if document else None
            if isinstance(problem, UpdateNotNewerError) and problem.fields["own"] == version:
                continue  # A stick that stays in after its update is no trouble.
            refused[path.name] = problem.key
            kept.note_refused(version, problem, at_ms)
    return Carried(count, refused)


def require_wanted_here(
    document: UpdateDocument,
    kept: UpdateFolder,
    *,
    centre: PublicIdentity,
    running: SystemImage | None,
) -> None:
    """Raise unless this box should have the update, and may have it now."""
    status, ready = read_status(), kept.read_ready(centre)
    also_here = (status.installed, ready.version if ready else None)
    require_wanted(document, running, also_here=also_here, given_up=status.given_up)
    kept.require_rest()


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
