"""The certificate of a wiped box: what was on it, what of that the centre had, and when it went.

The box signs it with its identity, which is the last thing that is destroyed.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from appliance.formats.canonical import CanonicalDocument, HexBytes
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.receipt import Count
from appliance.formats.signed_document import SignedDocument

WIPE_CERTIFICATE_MAX_BYTES = 256 * 1024
REASON_MAX = 300


class WipedJournal(CanonicalDocument):
    """A journal that was on the box: its last entry, and how much of it the centre had confirmed.

    `files_left` counts candidates' files the centre had not; `is_copy`: another box wrote it.
    """

    journal_id: JournalId
    head_seq: Count
    head_hash: HexBytes
    confirmed_seq: Count
    confirmed_at_ms: Count | None
    files_left: Count
    is_copy: bool

    @property
    def is_at_the_centre(self) -> bool:
        """Say whether nothing was lost with it."""
        return not self.is_copy and self.confirmed_seq >= self.head_seq and self.files_left == 0


class WipeCertificate(SignedDocument):
    """What a box signs before it destroys its keys.  `reason` is given where not all was safe."""

    bytes_max: ClassVar[int] = WIPE_CERTIFICATE_MAX_BYTES

    format: Literal["wipe-certificate/1"] = "wipe-certificate/1"
    box_id: str
    centre_id: str
    wiped_at_ms: Count
    reason: str = Field(default="", max_length=REASON_MAX)
    journals: list[WipedJournal]


def write_wipe_certificate(certificate: WipeCertificate, *, box: BoxIdentity) -> bytes:
    """Return the signed bytes."""
    return certificate.sign_with(box.signing)


def read_wipe_certificate(data: bytes, *, box: PublicIdentity) -> WipeCertificate:
    """Verify and read; raises DocumentMalformedError or SignatureWrongError."""
    return WipeCertificate.read_signed(data, box.signing)
