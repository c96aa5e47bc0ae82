"""Receipts: the centre's for a journal and for files, the box's for who has handed in."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from appliance.formats.attachment import Sha256
from appliance.formats.canonical import INTEGER_MAX, HexBytes, encode_canonical
from appliance.formats.crockford import in_groups, symbols_of
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.signed_document import SignedDocument

CHECK_CODE_SYMBOLS = 12
RECEIPT_FILES_MAX = 1_000
FILES_RECEIPT_MAX_BYTES = 72 * 1024

Count = Annotated[int, Field(ge=0, le=INTEGER_MAX)]


class Receipt(SignedDocument):
    """The centre has every entry of a journal up to `contiguous_seq`, whose hash is `head_hash`."""

    format: Literal["receipt/1"] = "receipt/1"
    centre_id: str
    journal_id: JournalId
    epoch: Count
    contiguous_seq: Count
    head_hash: HexBytes
    received_at_ms: Count


def write_receipt(receipt: Receipt, *, centre: CentreIdentity) -> bytes:
    """Return the signed bytes of a receipt."""
    return receipt.sign_with(centre.signing)


def read_receipt(data: bytes, *, centre: PublicIdentity) -> Receipt:
    """Verify and read a receipt; raises DocumentMalformedError or SignatureWrongError."""
    return Receipt.read_signed(data, centre.signing)


class FilesReceipt(SignedDocument):
    """The centre has stored these files of a journal's candidates, byte for byte.

    It has no time: said once it stays true, and said again it is the same bytes.
    """

    bytes_max: ClassVar[int] = FILES_RECEIPT_MAX_BYTES

    format: Literal["files-receipt/1"] = "files-receipt/1"
    centre_id: str
    journal_id: JournalId
    files: list[Sha256] = Field(min_length=1, max_length=RECEIPT_FILES_MAX)


def write_files_receipt(receipt: FilesReceipt, *, centre: CentreIdentity) -> bytes:
    """Return the signed bytes of a receipt for files."""
    return receipt.sign_with(centre.signing)


def read_files_receipt(data: bytes, *, centre: PublicIdentity) -> FilesReceipt:
    """Verify and read; raises DocumentMalformedError or SignatureWrongError, as for a journal."""
    return FilesReceipt.read_signed(data, centre.signing)


class CandidateReceipt(SignedDocument):
    """The box has the submission of one attempt; `responses_digest` is over all its responses."""

    format: Literal["candidate-receipt/1"] = "candidate-receipt/1"
    box_id: str
    attempt_id: str
    candidate_number: str
    submitted_at_ms: Count
    journal_id: JournalId
    seq: Count
    head_hash: HexBytes
    responses_digest: HexBytes

    @property
    def check_code(self) -> str:
        """Twelve symbols in groups of four that a candidate can write down: 60 bits of the hash."""
        digest = hashlib.sha256(b"candidate-receipt/1\x00" + self.to_bytes()).digest()
        return in_groups(symbols_of(digest, CHECK_CODE_SYMBOLS))


def write_candidate_receipt(receipt: CandidateReceipt, *, box: BoxIdentity) -> bytes:
    """Return the signed bytes of a candidate's receipt."""
    return receipt.sign_with(box.signing)


def read_candidate_receipt(data: bytes, *, box: PublicIdentity) -> CandidateReceipt:
    """Verify and read a candidate's receipt."""
    return CandidateReceipt.read_signed(data, box.signing)


def digest_responses(responses: dict[tuple[str, str], object]) -> bytes:
    """Return SHA-256 over the current responses, keyed (item_id, response_id), sorted by key."""
    rows = [[item, response, value] for (item, response), value in sorted(responses.items())]
    return hashlib.sha256(encode_canonical(rows)).digest()
