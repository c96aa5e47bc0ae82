"""Identities are kept in files of their own and prove themselves."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.formats.canonical import DocumentMalformedError
from appliance.formats.keys import (
    BoxIdentity,
    CentreIdentity,
    KeyFileDamagedError,
    RecoveryKey,
    load_box_identity,
    load_centre_identity,
    load_recovery_key,
    read_public_identity,
    save_identity,
    save_recovery_key,
)
from appliance.formats.signing import SignatureWrongError


def test_identity_is_loaded_as_saved(
    tmp_path: Path, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A saved identity has the same keys when loaded and only its owner can read it."""
    path = save_identity(tmp_path, box)
    save_identity(tmp_path, centre)

    assert box.public == load_box_identity(tmp_path).public
    assert centre.public == load_centre_identity(tmp_path).public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_recovery_key_is_loaded_as_saved(tmp_path: Path, recovery: RecoveryKey) -> None:
    """The recovery key survives its file."""
    save_recovery_key(tmp_path, recovery)

    assert recovery.public == load_recovery_key(tmp_path).public


def test_identity_is_not_overwritten(tmp_path: Path, box: BoxIdentity) -> None:
    """Saving where keys are already is refused, so that no box loses its identity."""
    save_identity(tmp_path, box)

    with pytest.raises(FileExistsError):
        save_identity(tmp_path, box)


def test_damaged_key_file_is_reported_when_loaded(tmp_path: Path, box: BoxIdentity) -> None:
    """A damaged key file gives a sentence and stays."""
    path = save_identity(tmp_path, box)
    path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(KeyFileDamagedError):
        load_box_identity(tmp_path)

    assert path.exists()


def test_public_identity_round_trips(centre: CentreIdentity) -> None:
    """The public keys file gives the identity back."""
    assert centre.public == read_public_identity(centre.public.to_bytes())


def test_public_identity_is_refused_when_a_key_was_swapped(
    box: BoxIdentity, other_box: BoxIdentity
) -> None:
    """Nobody can present another's signing key with a sealing key of his own."""
    swapped = box.public.model_copy(update={"sealing": other_box.public.sealing})

    with pytest.raises(SignatureWrongError):
        read_public_identity(swapped.to_bytes())


def test_public_identity_is_refused_when_its_id_is_another(box: BoxIdentity) -> None:
    """The id follows from the key."""
    renamed = box.public.model_copy(update={"id": "0" * 16})

    with pytest.raises(DocumentMalformedError):
        read_public_identity(renamed.to_bytes())
