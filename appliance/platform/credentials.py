"""Keys of this machine: from systemd's credentials, else from a file only we may read."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from appliance.domain.errors import CorruptionError
from appliance.platform.files import make_folder

KEY_BYTES = 32
FORM_KEY = "staff-forms"
"""The credential under which the forms of the staff pages are signed."""
SEALED_SUFFIX = ".sealed"
"""`keys/NAME.sealed` says that the key itself is a credential now, and no longer in this folder."""


class KeySealedError(CorruptionError):
    """The key is a credential, and this process was not given it."""

    key = "key_sealed"
    staff_message = (
        "The key {name} of this box is kept by systemd, which did not hand it over. "
        "Run commands of the box as `examroom-box COMMAND`."
    )


def load_or_create_key(name: str, keys_dir: Path) -> bytes:
    """Return the 32-byte key `name`; make it the first time.

    systemd hands credentials over in $CREDENTIALS_DIRECTORY (TPM-sealed where there is one).
    Without systemd the key lies in `keys_dir` with mode 0600.
    Raises KeySealedError rather than make another key for what was written under the sealed one.
    """
    handed_over = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed_over and (Path(handed_over) / name).exists():
        return bytes.fromhex((Path(handed_over) / name).read_text(encoding="ascii").strip())
    if (keys_dir / f"{name}{SEALED_SUFFIX}").exists():
        raise KeySealedError(name=name)
    make_folder(keys_dir, mode=0o700)
    path = keys_dir / name
    if not path.exists():
        _write_new(path, secrets.token_bytes(KEY_BYTES).hex())
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def _write_new(path: Path, text: str) -> None:
    """Write and sync before it is used: a key that a power cut loses takes its database along.

    Two processes may come at once: the file appears whole under its name, and only once.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
