"""A candidate's file opens only whole, at its centre, as the file of its journal."""

from __future__ import annotations

import hashlib

import pytest

from appliance.domain.errors import ExamroomError
from appliance.formats.attachment import (
    AttachmentDamagedError,
    AttachmentForeignError,
    open_attachment,
    read_attachment_header,
    write_attachment,
)
from appliance.formats.envelope import read_envelope, write_envelope
from appliance.formats.keys import BoxIdentity, CentreIdentity
from appliance.formats.sealing import SealBrokenError
from appliance.formats.signing import SignatureWrongError

DATA = b"a file"
SHA256 = hashlib.sha256(DATA).hexdigest()


def _sealed(box: BoxIdentity, centre: CentreIdentity) -> bytes:
    return write_attachment(
        DATA, journal_id="journal-1", sha256=SHA256, box=box, centre=centre.public
    )


def test_file_opens_at_its_centre(box: BoxIdentity, centre: CentreIdentity) -> None:
    """The centre reads what the box wrote; nobody else sees anything of it."""
    sealed = _sealed(box, centre)

    assert open_attachment(sealed, centre=centre, box=box.public) == DATA
    assert read_attachment_header(sealed).journal_id == "journal-1"
    assert DATA not in sealed


def test_file_is_refused_when_any_byte_is_altered(box: BoxIdentity, centre: CentreIdentity) -> None:
    """There is no byte that may differ, and none that may be missing."""
    sealed = _sealed(box, centre)

    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for damaged in (altered, sealed[:place]):
            with pytest.raises(ExamroomError):
                open_attachment(damaged, centre=centre, box=box.public)


def test_file_does_not_open_under_another_journal(box: BoxIdentity, centre: CentreIdentity) -> None:
    """Even a box that signs anew cannot move sealed bytes to another journal."""
    parts = read_envelope(_sealed(box, centre), magic=b"EXRMATT1", bytes_max=10_000)
    header = parts.header.replace(b"journal-1", b"journal-2")
    moved = write_envelope(parts.magic, header, parts.payload, signing=box.signing)

    with pytest.raises(SealBrokenError):
        open_attachment(moved, centre=centre, box=box.public)


def test_file_is_refused_as_another_boxs(
    box: BoxIdentity, other_box: BoxIdentity, centre: CentreIdentity
) -> None:
    """The signature and the header are of one box."""
    sealed = _sealed(box, centre)
    parts = read_envelope(sealed, magic=b"EXRMATT1", bytes_max=10_000)
    signed_anew = write_envelope(
        parts.magic, parts.header, parts.payload, signing=other_box.signing
    )

    with pytest.raises(SignatureWrongError):
        open_attachment(sealed, centre=centre, box=other_box.public)
    with pytest.raises(AttachmentForeignError):
        open_attachment(signed_anew, centre=centre, box=other_box.public)


def test_file_that_is_not_the_one_named_is_not_sealed(
    box: BoxIdentity, centre: CentreIdentity
) -> None:
    """What was altered on the box's disk is noticed there."""
    with pytest.raises(AttachmentDamagedError):
        write_attachment(b"x", journal_id="j", sha256=SHA256, box=box, centre=centre.public)
