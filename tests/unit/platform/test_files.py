"""Files that outlive a power cut on a file system that promises as little as FAT does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.platform.files import write_durably


class FatLikeDisk:
    """What would be there after a power cut, were the folder on a stick.

    As Linux's vfat_rename does it: a renamed file has an entry without a size until it is synced.
    Seen on the image, where a mirror stick was pulled a moment after it had been read back.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: dict[str, int] = {}
        self._sync, self._replace = os.fsync, os.replace
        monkeypatch.setattr(os, "fsync", self._fsync)
        monkeypatch.setattr(os, "replace", self._rename)

    def _fsync(self, descriptor: int) -> None:
        self._sync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_file():
            self.sizes[path.name] = path.stat().st_size

    def _rename(self, path: Path, target: Path) -> None:
        self.sizes.pop(path.name, None)
        self.sizes[target.name] = 0
        self._replace(path, target)


@pytest.mark.parametrize("before", [None, b"older and longer"])
def test_what_was_written_is_whole_under_its_name_on_fat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    """Also where something else had the name."""
    path = tmp_path / "1.bundle"
    if before is not None:
        path.write_bytes(before)
    disk = FatLikeDisk(monkeypatch)
    write_durably(path, b"whole")
    assert {"1.bundle": 5} == disk.sizes
    assert b"whole" == path.read_bytes()
