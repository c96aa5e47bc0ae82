"""Receipts say what was received, signed, and nothing can be changed in them."""

from __future__ import annotations

import pytest

from appliance.domain.errors import ExamroomError
from appliance.formats.canonical import DocumentMalformedError
from appliance.formats.keys import BoxIdentity, CentreIdentity, RecoveryKey, create_recovery_key
from appliance.formats.receipt import (
    FILES_RECEIPT_MAX_BYTES,
    RECEIPT_FILES_MAX,
    CandidateReceipt,
    FilesReceipt,
    Receipt,
    digest_responses,
    read_candidate_receipt,
    read_files_receipt,
    read_receipt,
    write_candidate_receipt,
    write_files_receipt,
    write_receipt,
)
from appliance.formats.recovery import read_recovery_copy, write_recovery_copy
from appliance.formats.sealing import SealBrokenError

RECEIPT = Receipt(
    centre_id="c",
    journal_id="journal-1",
    epoch=1,
    contiguous_seq=20,
    head_hash=bytes(32),
    received_at_ms=1,
)
CANDIDATE_RECEIPT = CandidateReceipt(
    box_id="b",
    attempt_id="a1",
    candidate_number="2031",
    submitted_at_ms=5,
    journal_id="journal-1",
    seq=20,
    head_hash=bytes(32),
    responses_digest=digest_responses({("q1", "r"): "x"}),
)


def test_receipt_round_trips(centre: CentreIdentity) -> None:
    """A receipt is read as it was written."""
    assert read_receipt(write_receipt(RECEIPT, centre=centre), centre=centre.public) == RECEIPT


def test_receipt_is_refused_when_any_byte_is_altered(centre: CentreIdentity) -> None:
    """There is no byte of a receipt that may differ."""
    data = write_receipt(RECEIPT, centre=centre)

    for place in range(len(data)):
        for mask in (1, 0x20):
            altered = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
            with pytest.raises(ExamroomError):
                read_receipt(altered, centre=centre.public)


def test_candidate_receipt_round_trips_with_its_check_code(box: BoxIdentity) -> None:
    """The code on the candidate's receipt follows from all that the receipt says."""
    data = write_candidate_receipt(CANDIDATE_RECEIPT, box=box)
    later = CANDIDATE_RECEIPT.model_copy(update={"submitted_at_ms": 6})

    read = read_candidate_receipt(data, box=box.public)

    assert read == CANDIDATE_RECEIPT
    assert len(read.check_code) == 14
    assert later.check_code != read.check_code


def test_centre_receipt_is_no_candidate_receipt(centre: CentreIdentity) -> None:
    """A signature for one purpose is none for another."""
    with pytest.raises(ExamroomError):
        read_candidate_receipt(write_receipt(RECEIPT, centre=centre), box=centre.public)
    with pytest.raises(ExamroomError):
        read_files_receipt(write_receipt(RECEIPT, centre=centre), centre=centre.public)


def test_largest_receipt_for_files_round_trips(centre: CentreIdentity) -> None:
    """As many files as one may name fit into as many bytes as one may have."""
    receipt = FilesReceipt(
        centre_id=centre.id, journal_id="j" * 64, files=["0" * 64] * RECEIPT_FILES_MAX
    )

    data = write_files_receipt(receipt, centre=centre)

    assert len(data) <= FILES_RECEIPT_MAX_BYTES
    assert read_files_receipt(data, centre=centre.public) == receipt


@pytest.mark.parametrize(
    "files", [[], ["0" * 64] * (RECEIPT_FILES_MAX + 1), ["0" * 63], ["A" * 64], ["0" * 64 + "\n"]]
)
def test_receipt_for_files_that_it_cannot_name_is_refused(
    centre: CentreIdentity, files: list[str]
) -> None:
    """None, too many, and what is no SHA-256, though the centre signed it."""
    named = {"centre_id": "c", "journal_id": "journal-1", "files": files}
    receipt = FilesReceipt.model_construct(**named)  # type: ignore[arg-type]

    with pytest.raises(DocumentMalformedError):
        read_files_receipt(write_files_receipt(receipt, centre=centre), centre=centre.public)


def test_receipt_for_files_is_refused_when_any_byte_is_altered(centre: CentreIdentity) -> None:
    """There is no byte of it that may differ."""
    receipt = FilesReceipt(centre_id="c", journal_id="journal-1", files=["0" * 64])
    data = write_files_receipt(receipt, centre=centre)

    for place in range(len(data)):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(ExamroomError):
            read_files_receipt(altered, centre=centre.public)


def test_recovery_copy_opens_with_the_recovery_key_only(recovery: RecoveryKey) -> None:
    """The copy beside a database opens at the centre and nowhere else."""
    copy = write_recovery_copy("journal-1", b"k" * 32, recovery=recovery.public)

    assert read_recovery_copy(copy, recovery=recovery) == ("journal-1", b"k" * 32)
    with pytest.raises(SealBrokenError):
        read_recovery_copy(copy, recovery=create_recovery_key())
    with pytest.raises(SealBrokenError):
        read_recovery_copy(copy.replace(b"journal-1", b"journal-2"), recovery=recovery)
