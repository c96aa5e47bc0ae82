"""A small file system of its own, to be filled, pulled and put back: a tmpfs, where we are root."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

MOUNT, UMOUNT = "/bin/mount", "/bin/umount"
A_LITTLE_BYTES = 4096


@dataclass(slots=True)
class SmallDisk:
    """A mounted tmpfs of so many bytes."""

    folder: Path
    size_bytes: int

    def mount(self) -> None:
        """Mount it; skips the test where nobody may."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self.size_bytes}"
        command = [MOUNT, "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        if os.geteuid() != 0 or subprocess.run(command, check=False, timeout=20).returncode != 0:
            pytest.skip("mounting a small disk needs root and the right to mount")

    def pull(self) -> None:
        """Take it away at once, whoever uses it; harmless when it is not there."""
        if os.path.ismount(self.folder):
            subprocess.run([UMOUNT, "--lazy", str(self.folder)], check=True, timeout=20)

    def fill_up(self) -> Path:
        """Write until there is no room; return the file that took it."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(A_LITTLE_BYTES))
        return ballast

    def write_protect(self) -> None:
        """Let nobody write to it any more, as failing sticks do."""
        command = [MOUNT, "-o", "remount,ro", str(self.folder)]
        subprocess.run(command, check=True, timeout=20)
