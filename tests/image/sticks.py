"""Sticks as files: FAT file systems made and read without mounting."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

STICK_MIB = 64
_SECTOR = 512
_GPT_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_GPT_ENTRY = struct.Struct("<16s16sQQQ72s")


def make_stick(path: Path, *, mib: int = STICK_MIB) -> Path:
    """Make an empty stick with the folder that says what it is for."""
    empty_stick(path, "CARRY", mib=mib)
    _run("mmd", "-i", str(path), "::examroom")
    return path


def empty_stick(path: Path, name: str, *, mib: int = STICK_MIB) -> Path:
    """Make a stick as a shop sells it, with a name."""
    with path.open("wb") as file:
        file.truncate(mib * 2**20)
    _run("mkfs.vfat", "-F", "32", "-n", name, str(path))
    return path


def copy_in(image: str, source: Path, target: str) -> None:
    """Copy a file or a folder to a stick."""
    _run("mcopy", "-s", "-o", "-Q", "-i", image, str(source), f"::{target}")


def remove_folder(image: str, folder: str) -> None:
    """Delete a folder from a stick."""
    _run("mdeltree", "-i", image, f"::{folder}")


def copy_out(image: str, source: str, target: Path) -> bool:
    """Copy a file or a folder from a stick; False when it is not there."""
    command = ["mcopy", "-s", "-n", "-Q", "-i", image, f"::{source}", str(target)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def partition(disk: Path, label: str) -> str:
    """Return where on an image a partition begins, in the words of mtools."""
    with disk.open("rb") as file:
        file.seek(_SECTOR)
        header = _GPT_HEADER.unpack(file.read(_GPT_HEADER.size))
        table_sector, count, size = header[10], header[11], header[12]
        file.seek(table_sector * _SECTOR)
        for _ in range(count):
            entry = _GPT_ENTRY.unpack(file.read(size)[: _GPT_ENTRY.size])
            if entry[5].decode("utf-16-le").rstrip("\0") == label:
                return f"{disk}@@{entry[2] * _SECTOR}"
    raise RuntimeError(f"{disk} has no partition {label}")


def list_folder(image: str, folder: str) -> list[str]:
    """Return the names in a folder of a file system."""
    command = ["mdir", "-b", "-i", image, f"::{folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return sorted(Path(line).name for line in done.stdout.split())


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True, timeout=60)
