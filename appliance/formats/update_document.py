"""The signed document of an update: which version of which image, and what its parts are.

The parts lie beside the document, on a stick or at the centre; nothing of them is believed but by
their hashes here.  A version is numbers with dots, so that everybody orders versions the same way.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from appliance.formats.canonical import INTEGER_MAX, CanonicalDocument, HexBytes
from appliance.formats.keys import CentreIdentity, PublicIdentity
from appliance.formats.receipt import Count
from appliance.formats.signed_document import SignedDocument

PART_MAX_BYTES = {"kernel": 128 * 2**20, "root": 2048 * 2**20, "verity": 64 * 2**20}
"""What firmware starts; the system, read-only; the hashes of its blocks."""
UPDATE_KIND = "update"
"""What the mailbox calls such a document; it is for all boxes, so it is not sealed."""
FETCHED_PIECE_BYTES = 2**20
"""By network a part comes in pieces of this size, the last one smaller."""

_ROOT_HASH = re.compile(rb"\broothash=([0-9a-f]{64})\b")

Sha256 = Annotated[HexBytes, Field(min_length=32, max_length=32)]
Version = Annotated[
    str, Field(pattern=r"^(0|[1-9][0-9]{0,4})(\.(0|[1-9][0-9]{0,4})){1,3}$", max_length=23)
]


class UpdatePart(CanonicalDocument):
    """One file; `size` in bytes, without the zeros at the end of a partition."""

    size: Annotated[int, Field(gt=0, le=INTEGER_MAX)]
    sha256: Sha256


class UpdateDocument(SignedDocument):
    """What the centre signs.  `image` is the IMAGE_ID of the systems that it is for."""

    format: Literal["update/1"] = "update/1"
    image: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,31}$")]
    version: Version
    made_at_ms: Count
    kernel: UpdatePart
    root: UpdatePart
    verity: UpdatePart

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        if any(part.size > PART_MAX_BYTES[name] for name, part in self.parts.items()):
            raise ValueError("a part is larger than it may be")
        return self

    @property
    def parts(self) -> dict[str, UpdatePart]:
        """Return the parts by name."""
        return {"kernel": self.kernel, "root": self.root, "verity": self.verity}

    @property
    def file_name(self) -> str:
        """Return the document's name on a stick; a part's ends with the name of the part."""
        return f"{self.image}_{self.version}.update"

    def part_file_name(self, part: str) -> str:
        """Return the name of a part's file on a stick."""
        return f"{self.image}_{self.version}.{part}"


def write_update(document: UpdateDocument, *, centre: CentreIdentity) -> bytes:
    """Return the signed bytes."""
    return document.sign_with(centre.signing)


def read_update(data: bytes, *, centre: PublicIdentity) -> UpdateDocument:
    """Verify and read; raises DocumentMalformedError, DocumentTooLargeError, SignatureWrongError.

    Another centre's document is one whose signature is wrong.
    """
    return UpdateDocument.read_signed(data, centre.signing)


def update_target(sha256: str, number: int) -> str:
    """Return where the centre has a piece of a part; the first is number 0."""
    return f"/api/v1/updates/{sha256}/{number}"


def version_order(version: str) -> tuple[int, ...]:
    """Return what orders versions, as systemd-boot orders them: 0.10 comes after 0.9."""
    return tuple(int(number) for number in version.split("."))


def root_hash_of(kernel: bytes) -> str | None:
    """Return the hash of the root that a kernel file starts, from its own command line."""
    found = _ROOT_HASH.search(kernel)
    return found.group(1).decode() if found else None
