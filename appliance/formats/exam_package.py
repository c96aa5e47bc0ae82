"""Exam packages (`*.exampkg`): built at the centre, opened in the room, DESIGN section 8.

Two content keys.  The box's one opens the exam and its media; it is encrypted with the release
secret and that again sealed to each box, so that opening needs both.  The archive's one opens the
original and the scoring rules and is sealed to the centre only: a box never holds correct
responses.  File names are inside the encryption, because names may tell what is examined.
`docs/exam-package.md` is the specification.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.formats.canonical import DocumentMalformedError, encode_canonical, parse_canonical
from appliance.formats.chunked_encryption import (
    CiphertextDamagedError,
    decrypt_chunks,
    encrypt_chunks,
)
from appliance.formats.keys import BoxIdentity, CentreIdentity, PublicIdentity
from appliance.formats.package_manifest import (
    FILES_MAX,
    MANIFEST_MAX_BYTES,
    ManifestFile,
    PackageBombError,
    PackageDamagedError,
    PackageForAnotherBoxError,
    PackageManifest,
    PackageSignatureError,
    PackageTooLargeError,
    ReleaseCodeWrongError,
)
from appliance.formats.plain_zip import ZipAlteredError, require_plain_zip, write_plain_zip
from appliance.formats.release_code import SALT_BYTES, derive_release_secret
from appliance.formats.sealing import SealBrokenError, seal, unseal
from appliance.formats.signing import SignatureWrongError, require_signature, sign
from appliance.formats.zip_reading import (
    ZipLimits,
    ZipNameError,
    ZipTooLargeError,
    ZipUnreadableError,
    read_zip,
)

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
EXAM_NAME = "exam.json"
KEY_BYTES = 32
PACKAGE_LIMITS = ZipLimits(
    files_max=FILES_MAX + 2,
    archive_bytes_max=512 * 1024 * 1024,
    file_bytes_max=256 * 1024 * 1024,
    total_bytes_max=512 * 1024 * 1024,
    ratio_max=2,  # ciphertext does not shrink
    name_characters_max=40,
)

_PURPOSE = "exam-package/1"
# One release secret encrypts one content key, so the nonce need not differ from anything.
_ONLY_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class PackageContents:
    """What goes in: `exam_json` and `media` for the box, `archive` for the centre alone."""

    exam_json: bytes
    media: Mapping[str, bytes]
    archive: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class PackageTerms:
    """What a package says about itself in clear.  Times are UTC milliseconds."""

    package_id: str
    version: int
    title: str
    languages: tuple[str, ...]
    duration_seconds: int
    not_before_ms: int
    not_after_ms: int
    practice: bool = False


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """What a box gets out of a package."""

    manifest: PackageManifest
    exam_json: bytes
    media: Mapping[str, bytes]


def build_package(
    contents: PackageContents,
    terms: PackageTerms,
    *,
    boxes: list[PublicIdentity],
    centre: CentreIdentity,
    release_code: str,
) -> bytes:
    """Return a package that these boxes can open with `release_code`.

    Raises PackageTooLargeError for what no box would take.
    """
    _require_size(contents)
    box_key, archive_key = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
    salt = secrets.token_bytes(SALT_BYTES)
    for_box = {EXAM_NAME: contents.exam_json, **contents.media}
    files = _encrypt_audience(for_box, audience="box", key=box_key, terms=terms)
    files |= _encrypt_audience(contents.archive, audience="archive", key=archive_key, terms=terms)
    context = _context(terms.package_id, terms.version)
    inner = ChaCha20Poly1305(derive_release_secret(release_code, salt)).encrypt(
        _ONLY_NONCE, box_key, context
    )
    manifest = PackageManifest(
        package_id=terms.package_id,
        version=terms.version,
        title=terms.title,
        languages=list(terms.languages),
        duration_seconds=terms.duration_seconds,
        not_before_ms=terms.not_before_ms,
        not_after_ms=terms.not_after_ms,
        practice=terms.practice,
        centre_id=centre.id,
        files=[_described(path, data) for path, data in files.items()],
        box_key_commitment=_commitment(box_key),
        archive_key_commitment=_commitment(archive_key),
        release_salt=salt,
        box_wraps={box.id: seal(inner, box.sealing, _sealed_to(context, box.id)) for box in boxes},
        archive_wrap=seal(archive_key, centre.public.sealing, _sealed_to(context, centre.id)),
    )
    head = manifest.to_bytes()
    signature = sign(centre.signing, _PURPOSE, head)
    return write_plain_zip({MANIFEST_NAME: head, SIGNATURE_NAME: signature, **files})


def inspect_package(
    data: bytes,
    *,
    centre: PublicIdentity,
    box_id: str,
    now_ms: int | None,
    limits: ZipLimits = PACKAGE_LIMITS,
) -> PackageManifest:
    """Check all that can be checked without a secret and return the manifest.

    A package may arrive before its first moment, so only its end is compared with `now_ms`; None
    leaves the clock out, for a box whose clock somebody has found to be wrong.
    """
    manifest, _ = _read_checked(data, centre, limits)
    if box_id not in manifest.box_wraps:
        raise PackageForAnotherBoxError(box_id=box_id)
    if now_ms is not None:
        manifest.require_not_expired(now_ms)
    return manifest


def release_secret_of(manifest: PackageManifest, release_code: str) -> bytes:
    """Return the 32-byte secret a release token carries; raises ReleaseCodeMistypedError."""
    return derive_release_secret(release_code, manifest.release_salt)


def open_package(
    data: bytes,
    *,
    identity: BoxIdentity,
    centre: PublicIdentity,
    release_secret: bytes,
    now_ms: int | None,
    limits: ZipLimits = PACKAGE_LIMITS,
) -> OpenedPackage:
    """Open the box's part of a package; raises ReleaseCodeWrongError for any other secret.

    `release_secret` comes from `release_secret_of` or from a release token.  `now_ms` None leaves
    the clock out: the withheld secret is the lock, the clock is advice.
    """
    manifest, files = _read_checked(data, centre, limits)
    if now_ms is not None:
        manifest.require_time(now_ms)
    box_key = _unwrap_box_key(manifest, identity, release_secret)
    contents = _decrypt_audience(files, "box", box_key, manifest)
    exam_json = contents.pop(EXAM_NAME, None)
    if exam_json is None:
        raise PackageDamagedError
    return OpenedPackage(manifest, exam_json, contents)


def open_archive(
    data: bytes, *, centre: CentreIdentity, limits: ZipLimits = PACKAGE_LIMITS
) -> dict[str, bytes]:
    """Open the centre's part of a package: the original and the scoring rules by name."""
    manifest, files = _read_checked(data, centre.public, limits)
    context = _sealed_to(_context(manifest.package_id, manifest.version), centre.id)
    try:
        key = unseal(manifest.archive_wrap, centre.sealing, context)
    except SealBrokenError as problem:
        raise PackageDamagedError from problem
    _require_commitment(key, manifest.archive_key_commitment)
    return _decrypt_audience(files, "archive", key, manifest)


def _require_size(contents: PackageContents) -> None:
    sizes = [len(data) for data in [*contents.media.values(), *contents.archive.values()]]
    total_bytes = sum(sizes) + len(contents.exam_json)
    # Tags, paths and the manifest stay far below a tenth.
    if len(sizes) + 3 > FILES_MAX or total_bytes > PACKAGE_LIMITS.archive_bytes_max * 9 // 10:
        raise PackageTooLargeError
    if max([len(contents.exam_json), *sizes]) > PACKAGE_LIMITS.file_bytes_max * 9 // 10:
        raise PackageTooLargeError


def _read_checked(
    data: bytes, centre: PublicIdentity, limits: ZipLimits
) -> tuple[PackageManifest, dict[str, bytes]]:
    """Read the zip and check signature, hashes and that there is nothing else in it."""
    files = _read_files(data, limits)
    head, signature = files.pop(MANIFEST_NAME, None), files.pop(SIGNATURE_NAME, None)
    if head is None or signature is None:
        raise PackageDamagedError
    try:
        require_signature(centre.signing, _PURPOSE, head, signature)
    except SignatureWrongError as problem:
        raise PackageSignatureError from problem
    try:
        manifest = PackageManifest.from_bytes(head, bytes_max=MANIFEST_MAX_BYTES)
        require_plain_zip(data, {MANIFEST_NAME: head, SIGNATURE_NAME: signature, **files})
    except (DocumentMalformedError, ZipAlteredError) as problem:
        raise PackageDamagedError from problem
    if [_described(path, content) for path, content in files.items()] != manifest.files:
        raise PackageDamagedError
    return manifest, files


def _read_files(data: bytes, limits: ZipLimits) -> dict[str, bytes]:
    if len(data) > limits.archive_bytes_max:
        raise PackageTooLargeError
    try:
        return read_zip(data, limits)
    except ZipUnreadableError as problem:
        raise PackageDamagedError from problem
    except (ZipTooLargeError, ZipNameError) as problem:
        raise PackageBombError from problem


def _unwrap_box_key(
    manifest: PackageManifest, identity: BoxIdentity, release_secret: bytes
) -> bytes:
    wrap = manifest.box_wraps.get(identity.id)
    if wrap is None:
        raise PackageForAnotherBoxError(box_id=identity.id)
    context = _context(manifest.package_id, manifest.version)
    try:
        inner = unseal(wrap, identity.sealing, _sealed_to(context, identity.id))
    except SealBrokenError as problem:
        raise PackageForAnotherBoxError(box_id=identity.id) from problem
    try:
        box_key = ChaCha20Poly1305(release_secret).decrypt(_ONLY_NONCE, inner, context)
    except (InvalidTag, ValueError) as problem:
        raise ReleaseCodeWrongError from problem
    _require_commitment(box_key, manifest.box_key_commitment)
    return box_key


def _encrypt_audience(
    contents: Mapping[str, bytes], *, audience: str, key: bytes, terms: PackageTerms
) -> dict[str, bytes]:
    """Encrypt files under paths that tell nothing; path 0000 holds the names."""
    paths = {f"{audience}/{number:04}": name for number, name in enumerate(contents, start=1)}
    index = f"{audience}/0000"
    plain = {index: encode_canonical(paths)}
    plain |= {path: contents[name] for path, name in paths.items()}
    context = _context(terms.package_id, terms.version)
    return {
        path: encrypt_chunks(_file_key(key, context, path), data) for path, data in plain.items()
    }


def _decrypt_audience(
    files: Mapping[str, bytes], audience: str, key: bytes, manifest: PackageManifest
) -> dict[str, bytes]:
    context = _context(manifest.package_id, manifest.version)
    try:
        plain = {
            path: decrypt_chunks(_file_key(key, context, path), data)
            for path, data in files.items()
            if path.startswith(audience + "/")
        }
        names = parse_canonical(plain.pop(f"{audience}/0000"), bytes_max=MANIFEST_MAX_BYTES)
    except (CiphertextDamagedError, DocumentMalformedError, KeyError) as problem:
        raise PackageDamagedError from problem
    if not isinstance(names, dict) or names.keys() != plain.keys():
        raise PackageDamagedError
    return {str(names[path]): data for path, data in plain.items()}


def _described(path: str, ciphertext: bytes) -> ManifestFile:
    digest = hashlib.sha256(ciphertext).digest()
    return ManifestFile(path=path, sha256=digest, size_bytes=len(ciphertext))


def _context(package_id: str, version: int) -> bytes:
    return f"exam-package/1|{package_id}|{version}".encode()


def _sealed_to(context: bytes, recipient_id: str) -> bytes:
    return context + b"|" + recipient_id.encode()


def _file_key(content_key: bytes, context: bytes, path: str) -> bytes:
    info = context + b"|file|" + path.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(content_key)


def _commitment(key: bytes) -> bytes:
    return hashlib.sha256(b"examroom/content-key\x00" + key).digest()


def _require_commitment(key: bytes, commitment: bytes) -> None:
    if not hmac.compare_digest(_commitment(key), commitment):
        raise PackageDamagedError
