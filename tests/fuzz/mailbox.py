"""Documents that the centre signed and whose inside is not what it should be, up to the journal.

Nothing of the kind may stop the box: the mailbox is emptied when it starts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from appliance.composition import make_box
from appliance.domain.errors import ExamroomError
from appliance.formats import sealed_document
from appliance.formats.keys import (
    CentreIdentity,
    create_centre_identity,
    create_recovery_key,
    pin_centre,
)
from appliance.formats.sealed_document import DocumentHeader, DocumentKind
from appliance.formats.sealed_envelope import write_sealed
from appliance.services.box import Box
from appliance.services.box_health import box_health
from appliance.services.open_room import _plan
from appliance.services.take_in_mailbox import take_in_mailbox
from appliance.settings import Settings
from tests.fuzz.writing_room import write_and_take_back


class SetAsideError(ExamroomError):
    """The box set the document aside, with this sentence."""

    key = "set_aside"
    staff_message = "{sentence}"


@cache
def _box() -> tuple[Box, CentreIdentity]:
    folder = Path(tempfile.mkdtemp())
    centre = create_centre_identity("Centre", recovery=create_recovery_key().public)
    box = make_box(Settings(data_dir=folder))
    pin_centre(box.keys_dir, centre.public)
    (folder / "mailbox" / "incoming").mkdir(parents=True)
    return box, centre


def taken_in(kind: DocumentKind) -> Callable[[bytes], object]:
    """Return what puts a body into the mailbox of a box and lets the box use it."""

    def take(body: bytes) -> object:
        box, centre = _box()
        header = DocumentHeader(
            kind=kind,
            document_id="document-1",
            created_at_ms=0,
            box_id=box.identity.id,
            centre_id=centre.id,
        )
        receiver, magic = box.identity.public, sealed_document.MAGIC
        sealed = write_sealed(magic, header, body, receiver=receiver, signing=centre.signing)
        file = box.settings.data_dir / "mailbox" / "incoming" / f"document-1.{kind}"
        try:
            file.write_bytes(sealed)
            if take_in_mailbox(box) == 0:
                raise SetAsideError(sentence=str(box_health(box).refused_documents[-1][1]))
            rosters = box.store.roster_sittings()
            return [write_and_take_back(_plan("staff", roster)) for roster in rosters]
        finally:
            file.unlink(missing_ok=True)
            box.store.drop_roster_sittings([one.sitting_id for one in box.store.roster_sittings()])

    return take
