"""The signed manifest of an exam package, and every reason for which a package is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from appliance.domain.errors import CorruptionError, InvalidInputError, RefusedError
from appliance.formats.canonical import INTEGER_MAX, CanonicalDocument, HexBytes

MANIFEST_MAX_BYTES = 4 * 1024 * 1024
FILES_MAX = 5_000
BOXES_MAX = 2_000

BoxId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Milliseconds = Annotated[int, Field(ge=0, le=INTEGER_MAX)]


class PackageDamagedError(CorruptionError):
    """Contents are not what the manifest says, or the container is broken."""

    key = "package_damaged"
    staff_message = (
        "This exam package was damaged on the way. It was not used. Copy or fetch it again."
    )


class PackageSignatureError(InvalidInputError):
    """Not signed by the centre this box belongs to."""

    key = "package_signature_wrong"
    staff_message = (
        "This exam package was not made by your centre, or it was changed afterwards. "
        "It was not used. Tell the centre."
    )


class PackageForAnotherBoxError(InvalidInputError):
    """Intact, but this box is not among those it was made for."""

    key = "package_for_another_box"
    staff_message = (
        "This exam package was made for other boxes, not for this one ({box_id}). "
        "Ask the centre to send it for this box."
    )


class PackageExpiredError(RefusedError):
    """Its last moment is past."""

    key = "package_expired"
    staff_message = (
        "The time in which this exam may be used is over. "
        "Check the clock of this box; if it is right, ask the centre."
    )


class PackageNotYetValidError(RefusedError):
    """Its first moment is still to come."""

    key = "package_not_yet_valid"
    staff_message = (
        "This exam may not be opened yet. "
        "Check the clock of this box; if it is right, wait for the planned time."
    )


class PackageTooLargeError(InvalidInputError):
    """More files or bytes than a box takes."""

    key = "package_too_large"
    staff_message = (
        "This exam package is larger than a box takes. It was not used. Tell the centre."
    )


class PackageBombError(InvalidInputError):
    """A zip that would unpack to far more than it weighs, or with unsafe names."""

    key = "package_bomb"
    staff_message = (
        "This file would fill the box when unpacked or holds something unsafe. It is no exam "
        "package and was not used. Do not use the stick it came on, and tell the centre."
    )


class ReleaseCodeWrongError(RefusedError):
    """The code is well formed and does not open this package."""

    key = "release_code_wrong"
    staff_message = (
        "This release code does not open this exam. Check that it is the code for this exam, "
        "and compare it with what was written or said."
    )


class ManifestFile(CanonicalDocument):
    """One encrypted file of a package: its path in the zip and its ciphertext."""

    path: str = Field(pattern=r"^(box|archive)/[0-9]{4}$")
    sha256: HexBytes
    size_bytes: int = Field(ge=0, le=INTEGER_MAX)


class PackageManifest(CanonicalDocument):
    """What a package says about itself in clear.  Times are UTC milliseconds."""

    format: Literal["exam-package/1"] = "exam-package/1"
    package_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    version: int = Field(ge=1, le=INTEGER_MAX)
    title: str = Field(min_length=1, max_length=300)
    languages: list[Annotated[str, Field(min_length=2, max_length=35)]] = Field(max_length=50)
    duration_seconds: int = Field(ge=1, le=7 * 24 * 3600)
    not_before_ms: Milliseconds
    not_after_ms: Milliseconds
    practice: bool
    centre_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    files: list[ManifestFile] = Field(max_length=FILES_MAX)
    box_key_commitment: HexBytes
    archive_key_commitment: HexBytes
    release_kdf: Literal["argon2id-rfc9106-low-memory"] = "argon2id-rfc9106-low-memory"
    release_salt: HexBytes
    box_wraps: dict[BoxId, HexBytes] = Field(max_length=BOXES_MAX)
    archive_wrap: HexBytes

    def require_time(self, now_ms: int) -> None:
        """Raise PackageExpiredError or PackageNotYetValidError by this clock."""
        self.require_not_expired(now_ms)
        if now_ms < self.not_before_ms:
            raise PackageNotYetValidError

    def require_not_expired(self, now_ms: int) -> None:
        """Raise PackageExpiredError by this clock."""
        if now_ms > self.not_after_ms:
            raise PackageExpiredError
