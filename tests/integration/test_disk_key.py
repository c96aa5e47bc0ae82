"""The disk of a box whose security chip is dead is opened at the centre, by real LUKS."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.formats.canonical import DocumentMalformedError
from appliance.formats.disk_token import (
    DISK_TOKEN_MAX_BYTES,
    read_disk_token,
    write_disk_token,
)
from appliance.formats.keys import create_recovery_key, load_box_identity, save_recovery_key
from appliance.formats.recovery import write_recovery_copy
from appliance.formats.sealing import SealBrokenError
from provisioning.cli import main as examroom_provision
from sync.central.cli import commands as examroom_central
from tests.integration.conftest import MakeBox

CRYPTSETUP = shutil.which("cryptsetup", path="/usr/sbin:/sbin:/usr/bin") or "cryptsetup"


def cryptsetup(*arguments: str | Path, given: bytes = b"") -> bytes:
    """Run it on a disk that is a file: no device is needed for what is in a header."""
    command = [CRYPTSETUP, "--batch-mode", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=True, timeout=60).stdout


def test_centre_opens_the_disk_of_a_dead_box(make_box: MakeBox, tmp_path: Path) -> None:
    """With nothing but that disk and the recovery key from the safe."""
    box = make_box()
    disk, first, spare = tmp_path / "disk", tmp_path / "first", tmp_path / "spare"
    with disk.open("wb") as file:
        file.truncate(32 * 2**20)
    first.write_bytes(b"1" * 64)
    spare.write_bytes(bytes(range(32)))
    fast = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    cryptsetup("luksFormat", "--type", "luks2", *fast, "--key-file", first, disk)
    cryptsetup("luksAddKey", *fast, "--key-file", first, disk, spare)
    asked = ["seal-disk-key", "--data", str(box.folder), "--key", str(spare)]
    token = CliRunner().invoke(examroom_provision, asked, catch_exceptions=False).stdout
    arguments = ("token", "import", "--token-id", "7", "--json-file", "-", disk)
    cryptsetup(*arguments, given=token.encode())

    exported = tmp_path / "token.json"
    exported.write_bytes(cryptsetup("token", "export", "--token-id", "7", disk))
    save_recovery_key(tmp_path / "safe", box.recovery)
    found = tmp_path / "disk.key"
    wanted = ["disk-key", "--recovery", str(tmp_path / "safe"), str(exported), str(found)]
    done = CliRunner().invoke(examroom_central, wanted, catch_exceptions=False)
    box_id = load_box_identity(box.folder / "keys").id
    assert f"opens the disk of box {box_id}" in done.output
    assert 0o600 == found.stat().st_mode & 0o777
    cryptsetup("open", "--test-passphrase", "--key-file", found, disk)
    assert spare.read_bytes() not in disk.read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": "systemd-tpm2", "copy": ""}',
        b'{"type": "examroom-recovery", "copy": 7}',
        b'{"type": "examroom-recovery", "copy": "{}"}',
        b" " * (DISK_TOKEN_MAX_BYTES + 1),
        json.dumps(
            {
                "type": "examroom-recovery",
                "copy": write_recovery_copy(
                    "journal", b"k", recovery=create_recovery_key().public
                ).decode(),
            }
        ).encode(),
    ],
)
def test_what_is_no_token_of_ours_is_refused(data: bytes) -> None:
    """Other programs keep theirs in the same header."""
    with pytest.raises((DocumentMalformedError, SealBrokenError)):
        read_disk_token(data, recovery=create_recovery_key())


def test_another_recovery_key_opens_nothing() -> None:
    """That of another centre, or the one before."""
    token = write_disk_token("box", b"key", recovery=create_recovery_key().public)
    with pytest.raises(SealBrokenError):
        read_disk_token(token, recovery=create_recovery_key())
