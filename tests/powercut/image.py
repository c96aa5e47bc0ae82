"""The guest's system: a minimal Debian with the parts of the box that store, made without mounting.

Debian and the wheels are fetched once and kept in the build folder; the code is put in each time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
PYTHON = "3.11"
PACKAGES = "linux-image-cloud-amd64,python3"
WHEELS = frozenset(
    {
        "click",
        "click-default-group",
        "pluggy",
        "python-dateutil",
        "six",
        "sqlcipher3",
        "sqlite-fts4",
        "sqlite-utils",
        "structlog",
        "tabulate",
        "typing-extensions",
    }
)
"""What `appliance.storage` needs; their versions and hashes are those of requirements.lock."""
ROOT_MIB = 1024
DATA_MIB = 256
FETCH_SECONDS = 1200
MAKE_SECONDS = 300

_INIT = """#!/bin/sh
mount -t proc proc /proc 2>/dev/null
mount -t sysfs sys /sys 2>/dev/null
mount -t tmpfs tmp /tmp
mount -t ext4 /dev/vdb /data || { echo "FAILED mount"; sleep 600; }
export PYTHONPATH=/powercut/wheels:/powercut/code PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 -u -m tests.powercut.guest 2>&1
echo "FAILED guest"
sleep 600
"""


def run(*command: str, seconds: int = MAKE_SECONDS) -> None:
    """Run a program of the host; its output is shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _wheels_of_the_lock() -> str:
    blocks = re.split(r"^(?=\S)", (REPOSITORY / "requirements.lock").read_text(), flags=re.M)
    return "".join(one for one in blocks if one.partition("==")[0] in WHEELS)


def _fetch(build: Path) -> Path:
    """Return the folder with Debian and the wheels in it."""
    root = build / "root"
    if root.exists():
        return root
    archive, unfinished = build / "debian.tar", build / "root.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    run(
        *("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(archive)),
        seconds=FETCH_SECONDS,
    )
    unfinished.mkdir()
    run("tar", "-C", str(unfinished), "--exclude=./dev/*", "-xf", str(archive))
    archive.unlink()
    wanted = build / "wheels.txt"
    wanted.write_text(_wheels_of_the_lock())
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--target", str(unfinished / "powercut" / "wheels"), "--no-deps", "--require-hashes"),
        *("--python-version", PYTHON, "--only-binary=:all:", "-r", str(wanted)),
        seconds=FETCH_SECONDS,
    )
    unfinished.rename(root)
    return root


def make_system(build: Path) -> tuple[Path, Path, Path]:
    """Return kernel, initrd and the image of the guest's own disk."""
    root = _fetch(build)
    code = root / "powercut" / "code"
    shutil.rmtree(code, ignore_errors=True)
    for part in ("appliance", "tests/powercut"):
        shutil.copytree(
            REPOSITORY / part, code / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    init = root / "powercut" / "init"
    init.write_text(_INIT)
    init.chmod(0o755)
    (root / "data").mkdir(exist_ok=True)
    image = build / "root.img"
    image.unlink(missing_ok=True)
    run("mkfs.ext4", "-q", "-d", str(root), str(image), f"{ROOT_MIB}M")
    kernel = next((root / "boot").glob("vmlinuz-*"))
    return kernel, next((root / "boot").glob("initrd.img-*")), image


def make_empty_disk(path: Path) -> None:
    """Make the file of the disk whose plug is pulled: an empty ext4."""
    path.unlink(missing_ok=True)
    run("mkfs.ext4", "-q", str(path), f"{DATA_MIB}M")


def require_programs() -> None:
    """End with a sentence where something of the host is missing."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    programs = ("qemu-system-x86_64", "nbdkit", "mmdebstrap", "mkfs.ext4")
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"Install {', '.join(missing)} and run 'make powercut' again.")
