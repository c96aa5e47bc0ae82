"""Identities of boxes and of the centre: an Ed25519 key that signs, an X25519 key that opens seals.

The id is the first 16 hexadecimal digits of SHA-256 of the public signing key.  A public identity
is signed with its own key, so nobody can present another's signing key with a sealing key of his.
The centre also publishes a recovery key, whose private half is kept apart from the running centre:
it opens the copies of journal keys that lie beside the databases of boxes (DESIGN section 5).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import Field

from appliance.domain.errors import ConflictError, CorruptionError
from appliance.formats.canonical import (
    CanonicalDocument,
    DocumentMalformedError,
    HexBytes,
    encode_canonical,
)
from appliance.formats.signing import (
    PUBLIC_KEY_BYTES,
    SignatureWrongError,
    require_signature,
    sign,
)

IDENTITY_MAX_BYTES = 4096
ID_DIGITS = 16
BOX_KEY_FILE = "box.identity"
CENTRE_KEY_FILE = "centre.identity"
RECOVERY_KEY_FILE = "recovery.key"
PINNED_CENTRE_FILE = "centre.json"

_PURPOSE = "identity/1"


class KeyFileDamagedError(CorruptionError):
    """A file of private keys cannot be read."""

    key = "key_file_damaged"
    staff_message = (
        "The keys of this machine in {path} cannot be read. Nothing was replaced. "
        "Restore the file from its copy, or enrol the machine anew."
    )


class OtherCentrePinnedError(ConflictError):
    """A box that belongs to one centre was offered another."""

    key = "other_centre_pinned"
    staff_message = (
        "This box belongs to the centre {centre_id} already. To give it to another centre, "
        "a technician images it anew."
    )


class PublicIdentity(CanonicalDocument):
    """What others may know of a box or a centre.  Its bytes are the public keys file."""

    format: Literal["identity/1"] = "identity/1"
    kind: Literal["box", "centre"]
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    name: str = Field(min_length=1, max_length=100)
    signing: HexBytes
    sealing: HexBytes
    recovery: HexBytes | None = None
    proof: HexBytes


def read_public_identity(data: bytes) -> PublicIdentity:
    """Read a public keys file; raises DocumentMalformedError or SignatureWrongError."""
    public = PublicIdentity.from_bytes(data, bytes_max=IDENTITY_MAX_BYTES)
    keys = [public.signing, public.sealing, public.recovery or bytes(PUBLIC_KEY_BYTES)]
    if any(len(key) != PUBLIC_KEY_BYTES for key in keys) or public.id != identity_id(
        public.signing
    ):
        raise DocumentMalformedError
    require_signature(public.signing, _PURPOSE, _proven_bytes(public), public.proof)
    return public


def identity_id(signing: bytes) -> str:
    """Return the id that belongs to a public signing key."""
    return hashlib.sha256(signing).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True, slots=True)
class BoxIdentity:
    """A box's private keys with its public identity."""

    signing: Ed25519PrivateKey
    sealing: X25519PrivateKey
    public: PublicIdentity

    @property
    def id(self) -> str:
        """The id of this box."""
        return self.public.id


@dataclass(frozen=True, slots=True)
class CentreIdentity:
    """The centre's private keys with its public identity."""

    signing: Ed25519PrivateKey
    sealing: X25519PrivateKey
    public: PublicIdentity

    @property
    def id(self) -> str:
        """The id of this centre."""
        return self.public.id


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """The private half of the centre's recovery key; to be kept off the running centre."""

    private: X25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32 bytes to which copies of journal keys are sealed."""
        return self.private.public_key().public_bytes_raw()


def create_box_identity(name: str) -> BoxIdentity:
    """Make new keys for a box."""
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    return BoxIdentity(signing, sealing, _publish(signing, sealing, kind="box", name=name))


def create_centre_identity(name: str, *, recovery: bytes) -> CentreIdentity:
    """Make new keys for a centre that publishes the given public recovery key."""
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    public = _publish(signing, sealing, kind="centre", name=name, recovery=recovery)
    return CentreIdentity(signing, sealing, public)


def create_recovery_key() -> RecoveryKey:
    """Make a new recovery key."""
    return RecoveryKey(X25519PrivateKey.generate())


class _KeyFile(CanonicalDocument):
    """Private keys on disk."""

    format: Literal["private-keys/1"] = "private-keys/1"
    signing: HexBytes
    sealing: HexBytes
    public: PublicIdentity


class _RecoveryKeyFile(CanonicalDocument):
    format: Literal["recovery-key/1"] = "recovery-key/1"
    private: HexBytes


def save_identity(directory: Path, identity: BoxIdentity | CentreIdentity) -> Path:
    """Write private keys to a new file with mode 0600; raises FileExistsError, never overwrites."""
    name = BOX_KEY_FILE if isinstance(identity, BoxIdentity) else CENTRE_KEY_FILE
    document = _KeyFile(
        signing=identity.signing.private_bytes_raw(),
        sealing=identity.sealing.private_bytes_raw(),
        public=identity.public,
    )
    return write_secret(directory / name, document.to_bytes())


def load_box_identity(directory: Path) -> BoxIdentity:
    """Read a box's keys; raises FileNotFoundError or KeyFileDamagedError."""
    return BoxIdentity(*_load(directory / BOX_KEY_FILE, "box"))


def load_or_create_box_identity(directory: Path, name: str) -> BoxIdentity:
    """Return the box's identity, made the first time; two processes may come at once."""
    with contextlib.suppress(FileNotFoundError):
        return load_box_identity(directory)
    with contextlib.suppress(FileExistsError):
        save_identity(directory, create_box_identity(name))
    return load_box_identity(directory)


def load_centre_identity(directory: Path) -> CentreIdentity:
    """Read the centre's keys; raises FileNotFoundError or KeyFileDamagedError."""
    return CentreIdentity(*_load(directory / CENTRE_KEY_FILE, "centre"))


def save_recovery_key(directory: Path, key: RecoveryKey) -> Path:
    """Write the recovery key to a new file with mode 0600."""
    document = _RecoveryKeyFile(private=key.private.private_bytes_raw())
    return write_secret(directory / RECOVERY_KEY_FILE, document.to_bytes())


def load_recovery_key(directory: Path) -> RecoveryKey:
    """Read the recovery key; raises FileNotFoundError or KeyFileDamagedError."""
    return load_recovery_key_file(directory / RECOVERY_KEY_FILE)


def load_recovery_key_file(path: Path) -> RecoveryKey:
    """Read a recovery key from its file; raises FileNotFoundError or KeyFileDamagedError."""
    with path.open("rb") as file:
        data = file.read(IDENTITY_MAX_BYTES)
    try:
        document = _RecoveryKeyFile.from_bytes(data)
        return RecoveryKey(X25519PrivateKey.from_private_bytes(document.private))
    except (DocumentMalformedError, ValueError) as damage:
        raise KeyFileDamagedError(path=str(path)) from damage


def pin_centre(directory: Path, centre: PublicIdentity) -> None:
    """Note for good which centre a box belongs to; raises OtherCentrePinnedError."""
    path = directory / PINNED_CENTRE_FILE
    if path.exists():
        known = load_pinned_centre(directory)
        if known != centre:
            raise OtherCentrePinnedError(centre_id=known.id)
        return
    write_secret(path, centre.to_bytes())


def load_pinned_centre(directory: Path) -> PublicIdentity:
    """Return the centre of this box; raises FileNotFoundError or KeyFileDamagedError."""
    path = directory / PINNED_CENTRE_FILE
    data = path.read_bytes()
    try:
        return read_public_identity(data)
    except (DocumentMalformedError, SignatureWrongError) as damage:
        raise KeyFileDamagedError(path=str(path)) from damage


def _publish(
    signing: Ed25519PrivateKey,
    sealing: X25519PrivateKey,
    *,
    kind: Literal["box", "centre"],
    name: str,
    recovery: bytes | None = None,
) -> PublicIdentity:
    verifying = signing.public_key().public_bytes_raw()
    unproven = PublicIdentity(
        kind=kind,
        id=identity_id(verifying),
        name=name,
        signing=verifying,
        sealing=sealing.public_key().public_bytes_raw(),
        recovery=recovery,
        proof=b"",
    )
    proof = sign(signing, _PURPOSE, _proven_bytes(unproven))
    return unproven.model_copy(update={"proof": proof})


def _proven_bytes(public: PublicIdentity) -> bytes:
    return encode_canonical(public.model_dump(mode="json", exclude={"proof"}))


def _load(path: Path, kind: str) -> tuple[Ed25519PrivateKey, X25519PrivateKey, PublicIdentity]:
    data = path.read_bytes()
    try:
        document = _KeyFile.from_bytes(data)
        signing = Ed25519PrivateKey.from_private_bytes(document.signing)
        sealing = X25519PrivateKey.from_private_bytes(document.sealing)
    except (DocumentMalformedError, ValueError) as damage:
        raise KeyFileDamagedError(path=str(path)) from damage
    public = document.public
    if public.kind != kind or public.signing != signing.public_key().public_bytes_raw():
        raise KeyFileDamagedError(path=str(path))
    return signing, sealing, public


def write_secret(path: Path, data: bytes) -> Path:
    """Create the file for its owner alone: whole and durable before anyone can see it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, a link refuses where there is a file already
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path
