"""The proof that a box leads a room session: which epoch it began, and after which entry.

Signed by that box.  Whoever shows it to a box of an older epoch ends that box's leading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from appliance.domain.epochs import next_epoch
from appliance.formats.canonical import (
    INTEGER_MAX,
    DocumentMalformedError,
    HexBytes,
    parse_canonical,
)
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.signed_document import SIGNED_MAX_BYTES, SignedDocument
from appliance.formats.signing import SignatureWrongError


class EpochProof(SignedDocument):
    """`box_id` leads the journal in `epoch`, which continues entry `continues_seq` of another."""

    format: Literal["epoch-proof/1"] = "epoch-proof/1"
    journal_id: JournalId
    box_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    origin: str = Field(max_length=200)
    continues_epoch: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    continues_seq: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    continues_hash: HexBytes

    @property
    def epoch(self) -> int:
        """Return the epoch this box began: its number says which box it is."""
        return next_epoch(self.continues_epoch, self.box_id)


def write_epoch_proof(proof: EpochProof, *, box: BoxIdentity) -> bytes:
    """Return the signed bytes of a proof."""
    return proof.sign_with(box.signing)


def read_epoch_proof(data: bytes, *, boxes: Mapping[str, PublicIdentity]) -> EpochProof:
    """Verify and read a proof by one of `boxes`, keyed by id.

    Raises DocumentMalformedError, DocumentTooLargeError or SignatureWrongError.
    """
    match parse_canonical(data, bytes_max=SIGNED_MAX_BYTES):
        case {"signed": {"box_id": str(box_id)}}:
            signer = boxes.get(box_id)
        case _:
            raise DocumentMalformedError
    if signer is None:
        raise SignatureWrongError
    return EpochProof.read_signed(data, signer.signing)
