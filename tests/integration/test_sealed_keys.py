"""Keys of the box as systemd credentials: kept, sealed, and never made twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.platform.credentials import KeySealedError, load_or_create_key
from appliance.storage.box_store import BoxStore
from appliance.storage.reading import BOX_DATABASE_KEY
from provisioning.box_services.seal_keys import (
    KEY_NAMES,
    SealedKeyLostError,
    SealedKeysDifferError,
    SealingFailedError,
    _open,
    seal_keys,
)

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-creds") is None, reason="systemd-creds is not here"
)


@pytest.fixture(autouse=True)
def secret_of_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give systemd-creds a machine's secret of this test's own."""
    path = tmp_path / "credential.secret"
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(path))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the folder of a box that is new."""
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True)
    return folder


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """Return where sealed keys go."""
    return tmp_path / "credentials"


def _hand_over(credentials: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what systemd does before it starts a service."""
    run.mkdir()
    for name in KEY_NAMES:
        (run / name).write_bytes(_open(name, (credentials / f"{name}.cred").read_bytes()))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(run))


def test_a_new_box_has_its_keys_only_as_credentials(
    data: Path, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file on the disk holds the key that opens the box's database."""
    assert list(KEY_NAMES) == seal_keys(data, credentials)
    _hand_over(credentials, tmp_path / "run", monkeypatch)
    key = load_or_create_key(BOX_DATABASE_KEY, data / "keys")
    assert 32 == len(key)
    holding = [
        path
        for folder in (data, credentials)
        for path in folder.rglob("*")
        if path.is_file() and (key in path.read_bytes() or key.hex().encode() in path.read_bytes())
    ]
    assert [] == holding


def test_a_box_that_had_key_files_keeps_its_keys(
    data: Path, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its database still opens, and the files are gone."""
    old = load_or_create_key(BOX_DATABASE_KEY, data / "keys")
    BoxStore(data / "box.db", old).close()
    seal_keys(data, credentials)
    assert not (data / "keys" / BOX_DATABASE_KEY).exists()
    _hand_over(credentials, tmp_path / "run", monkeypatch)
    BoxStore(data / "box.db", load_or_create_key(BOX_DATABASE_KEY, data / "keys")).close()


def test_sealing_again_changes_nothing(data: Path, credentials: Path) -> None:
    """It runs at every start."""
    seal_keys(data, credentials)
    before = {path.name: path.read_bytes() for path in credentials.iterdir()}
    assert [] == seal_keys(data, credentials)
    assert before == {path.name: path.read_bytes() for path in credentials.iterdir()}


def test_sealing_that_was_cut_off_is_finished(data: Path, credentials: Path) -> None:
    """The power may go after the credential is there and before the file is gone."""
    old = load_or_create_key(BOX_DATABASE_KEY, data / "keys")
    seal_keys(data, credentials)
    (data / "keys" / f"{BOX_DATABASE_KEY}.sealed").unlink()
    (data / "keys" / BOX_DATABASE_KEY).write_text(old.hex())
    assert [] == seal_keys(data, credentials)
    assert not (data / "keys" / BOX_DATABASE_KEY).exists()
    assert (data / "keys" / f"{BOX_DATABASE_KEY}.sealed").exists()


def test_a_command_without_the_credentials_makes_no_other_key(
    data: Path, credentials: Path
) -> None:
    """A key made on the side would open nothing, and the next start would take it for the old."""
    seal_keys(data, credentials)
    with pytest.raises(KeySealedError):
        load_or_create_key(BOX_DATABASE_KEY, data / "keys")
    assert not (data / "keys" / BOX_DATABASE_KEY).exists()


def test_a_lost_key_is_not_replaced(data: Path, credentials: Path) -> None:
    """A new key would make the old database look damaged."""
    seal_keys(data, credentials)
    (credentials / f"{BOX_DATABASE_KEY}.cred").unlink()
    with pytest.raises(SealedKeyLostError):
        seal_keys(data, credentials)


def test_another_key_of_the_same_name_is_left_alone(data: Path, credentials: Path) -> None:
    """Which of the two is right, a person has to find out."""
    seal_keys(data, credentials)
    (data / "keys" / BOX_DATABASE_KEY).write_text("00" * 32)
    with pytest.raises(SealedKeysDifferError):
        seal_keys(data, credentials)
    assert (data / "keys" / BOX_DATABASE_KEY).exists()


def test_a_disk_in_another_machine_does_not_open(
    data: Path, credentials: Path, secret_of_a_machine: Path
) -> None:
    """The credential is of use on the machine that sealed it, and nowhere else."""
    seal_keys(data, credentials)
    secret_of_a_machine.unlink()
    with pytest.raises(SealingFailedError):
        _open(BOX_DATABASE_KEY, (credentials / f"{BOX_DATABASE_KEY}.cred").read_bytes())
