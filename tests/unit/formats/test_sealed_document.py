"""Mailbox documents are for one box, from one centre, and whole."""

from __future__ import annotations

import pytest

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import BoxIdentity, CentreIdentity, create_centre_identity
from appliance.formats.sealed_document import (
    Document,
    DocumentForAnotherBoxError,
    open_document,
    seal_document,
    verify_document,
)
from appliance.formats.signing import SignatureWrongError

DOCUMENT = Document("release", "d-1", 1_000, {"package_id": "p-1", "release_secret": "00"})


def test_document_opens_for_its_box(box: BoxIdentity, centre: CentreIdentity) -> None:
    """The box reads what the centre wrote; its header shows without a key."""
    sealed = seal_document(DOCUMENT, box=box.public, centre=centre)

    assert open_document(sealed, identity=box, centre=centre.public) == DOCUMENT
    assert verify_document(sealed, box_id=box.id, centre=centre.public).kind == "release"
    assert b"release_secret" not in sealed


def test_document_is_refused_on_another_box(
    box: BoxIdentity, other_box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A stick for another box says so."""
    sealed = seal_document(DOCUMENT, box=box.public, centre=centre)

    with pytest.raises(DocumentForAnotherBoxError):
        open_document(sealed, identity=other_box, centre=centre.public)


def test_document_is_refused_from_another_centre(box: BoxIdentity, centre: CentreIdentity) -> None:
    """Only the box's own centre counts."""
    other = create_centre_identity("Other", recovery=bytes(32))
    sealed = seal_document(DOCUMENT, box=box.public, centre=other)

    with pytest.raises(SignatureWrongError):
        open_document(sealed, identity=box, centre=centre.public)


def test_document_is_refused_when_any_byte_is_altered(
    box: BoxIdentity, centre: CentreIdentity
) -> None:
    """There is no byte of an envelope that may differ, and none that may be missing."""
    sealed = seal_document(DOCUMENT, box=box.public, centre=centre)

    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for damaged in (altered, sealed[:place]):
            with pytest.raises(ExamroomError):
                open_document(damaged, identity=box, centre=centre.public)


def test_payload_is_signed_too(box: BoxIdentity, centre: CentreIdentity) -> None:
    """Whoever only carries documents finds an altered one without any key."""
    sealed = seal_document(DOCUMENT, box=box.public, centre=centre)

    with pytest.raises(SignatureWrongError):
        verify_document(sealed[:-1] + bytes([sealed[-1] ^ 1]), box_id=box.id, centre=centre.public)
