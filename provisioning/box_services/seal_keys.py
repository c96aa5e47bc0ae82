"""Sealing the keys of a box to its machine, as systemd credentials.

`systemd-creds` encrypts under a secret of the machine, and systemd hands the keys to the services
of the box, in memory; no file that can be read holds them then.  A TPM gives the key of the disk
on which that secret lies, not these keys: docs/decisions/keys-under-the-disk.md.
Safe to repeat, and to be cut off anywhere: the file of a key goes only after the credential was
read back and found to be the same.
"""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from appliance.domain.errors import CorruptionError, TransientError
from appliance.platform.credentials import FORM_KEY, KEY_BYTES, SEALED_SUFFIX
from appliance.platform.files import make_folder, write_durably
from appliance.storage.reading import BOX_DATABASE_KEY

KEY_NAMES = (BOX_DATABASE_KEY, FORM_KEY)
SEALING_SECONDS = 60


class SealingFailedError(TransientError):
    """systemd-creds did not do it."""

    key = "sealing_failed"
    staff_message = "The key {name} could not be sealed to this machine: {problem}"


class SealedKeyLostError(CorruptionError):
    """What was written under a key is there, and the key is not."""

    key = "sealed_key_lost"
    staff_message = (
        "The key {name} of this box is gone, and its database is still there. Nothing was "
        "changed. Keep the disk for the centre, and use the spare box."
    )


class SealedKeysDifferError(CorruptionError):
    """There are two keys of one name, and they are not the same."""

    key = "sealed_keys_differ"
    staff_message = (
        "There are two different keys {name} on this box, a sealed one and a file. Nothing was "
        "changed. Put one of them away: the one that does not open the box's database."
    )


def seal_keys(data_dir: Path, credentials_dir: Path) -> list[str]:
    """Seal every key of the box that is not sealed yet; return the names of those.

    A key that lies in `data_dir/keys` is kept; otherwise one is made, unless something was written
    under it.  Raises SealingFailedError, SealedKeyLostError or SealedKeysDifferError.
    """
    make_folder(credentials_dir, mode=0o700)
    return [name for name in KEY_NAMES if _seal(name, data_dir, credentials_dir)]


def _seal(name: str, data_dir: Path, credentials_dir: Path) -> bool:
    file = data_dir / "keys" / name
    mark = file.with_name(name + SEALED_SUFFIX)
    sealed = credentials_dir / f"{name}.cred"
    is_new = not sealed.exists()
    if is_new:
        key = _key_to_seal(name, data_dir)
        credential = _systemd_creds(name, "encrypt", "--with-key=host", given=key)
        if _open(name, credential) != key:
            raise SealingFailedError(name=name, problem="it did not open again.")
        write_durably(sealed, credential, mode=0o600)
    if not mark.exists():
        write_durably(mark, b"This key is a systemd credential now.\n")
    if file.exists():
        if _open(name, sealed.read_bytes()) != file.read_bytes().strip():
            raise SealedKeysDifferError(name=name)
        file.unlink()
    return is_new


def _key_to_seal(name: str, data_dir: Path) -> bytes:
    """Return the key in the form of its file: 64 hexadecimal digits."""
    file = data_dir / "keys" / name
    if file.exists():
        return file.read_bytes().strip()
    was_sealed = file.with_name(name + SEALED_SUFFIX).exists()
    if was_sealed or (name == BOX_DATABASE_KEY and (data_dir / "box.db").exists()):
        raise SealedKeyLostError(name=name)
    return secrets.token_bytes(KEY_BYTES).hex().encode()


def _open(name: str, credential: bytes) -> bytes:
    return _systemd_creds(name, "decrypt", given=credential)


def _systemd_creds(name: str, *verb: str, given: bytes) -> bytes:
    command = ["systemd-creds", *verb, f"--name={name}", "-", "-"]
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, check=True, timeout=SEALING_SECONDS
        )
    except FileNotFoundError as problem:
        raise SealingFailedError(name=name, problem="systemd-creds is missing.") from problem
    except subprocess.TimeoutExpired as problem:
        raise SealingFailedError(name=name, problem="it took too long.") from problem
    except subprocess.CalledProcessError as problem:
        said = problem.stderr.decode(errors="replace").strip()
        raise SealingFailedError(name=name, problem=said[-200:] + ".") from problem
    return done.stdout
