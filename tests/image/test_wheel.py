"""Our wheel holds everything the product needs at run time."""

from __future__ import annotations

import importlib.util
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("appliance", "kiosk_client", "provisioning", "sync")
NOT_AT_RUN_TIME = {".pot", ".po"}
"""What translators read; the program reads .mo."""


@pytest.fixture(scope="module")
def build_package() -> ModuleType:
    """Return the script that builds the package."""
    path = ROOT / "systemd" / "debian" / "build_package.py"
    found = importlib.util.spec_from_file_location("build_package", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_wheel_holds_every_file(build_package: ModuleType, tmp_path: Path) -> None:
    """A page or a translation left out is missed on the day, by people."""
    wheel = build_package.own_wheel(tmp_path)
    held = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["/usr/bin/git", "ls-files", *PARTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    wanted = {
        one for one in listed if Path(one).suffix not in NOT_AT_RUN_TIME and (ROOT / one).exists()
    }
    assert set() == wanted - held


def test_the_package_pins_all_it_needs(build_package: ModuleType) -> None:
    """By hash, from the lock file: and nothing that only tests need."""
    names = build_package.needed()
    pinned = build_package.pinned(names)
    assert {"flask", "sqlcipher3", "cryptography", "werkzeug", "urllib3"} <= names
    assert not {"pytest", "playwright", "ruff"} & names
    assert len(names) == pinned.count("==")
    assert all("--hash=sha256:" in block for block in pinned.split("\n\n") if block.strip())
