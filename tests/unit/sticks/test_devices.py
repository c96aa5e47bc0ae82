"""No device is written that somebody needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.sticks.devices import DeviceFacts, StickRefusedError, facts_of, require_fit

MOUNTS = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 1 8:17 / /media/stick rw - vfat /dev/sdb1 rw
24 1 253:0 / /var rw - ext4 /dev/mapper/data rw
"""


def _disk(root: Path, name: str, number: str, *parts: str, removable: str = "1") -> None:
    place = root / "sys/devices/pci/usb1" if removable == "usb" else root / "sys/devices/pci"
    disk = place / "block" / name
    disk.mkdir(parents=True)
    (disk / "removable").write_text(("0" if removable == "usb" else removable) + "\n")
    (disk / "size").write_text("8388608\n")
    (disk / "dev").write_text(number + "\n")
    major, minor = number.split(":")
    for index, part in enumerate(parts, start=1):
        (disk / part / "holders").mkdir(parents=True)
        (disk / part / "partition").write_text(f"{index}\n")
        (disk / part / "dev").write_text(f"{major}:{int(minor) + index}\n")
    links = root / "sys/dev/block"
    links.mkdir(parents=True, exist_ok=True)
    (links / number).symlink_to(disk)
    for index, part in enumerate(parts, start=1):
        (links / f"{major}:{int(minor) + index}").symlink_to(disk / part)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Make what /sys and /proc say on a laptop with sticks."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS)
    _disk(tmp_path, "sda", "8:0", "sda1", "sda2", removable="0")
    _disk(tmp_path, "sdb", "8:16", "sdb1")
    _disk(tmp_path, "sdc", "8:32", "sdc1")
    _disk(tmp_path, "sdd", "8:48", removable="0")
    _disk(tmp_path, "sde", "8:64", "sde1", removable="usb")
    holder = tmp_path / "sys/devices/pci/block/sdc/sdc1/holders/dm-0"
    holder.mkdir()
    (holder / "dev").write_text("253:0\n")
    return tmp_path


def _refusal(facts: DeviceFacts, *, needed: int = 2**30, sure: bool = False) -> str | None:
    return facts.refusal(needed=needed, even_if_not_removable=sure)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("8:0", "this computer runs from it"),
        ("8:16", "it is mounted at /media/stick"),
        ("8:32", "it is mounted at /var"),
        ("8:48", "it is not a removable disk"),
    ],
)
def test_device_in_use_is_refused(machine: Path, number: str, reason: str) -> None:
    """Disk of the system, mounted stick, stick under an encrypted mapping, built-in disk."""
    assert (_refusal(facts_of(number, machine)) or "").startswith(reason)


def test_disk_of_the_system_is_refused_however_often_it_is_named(machine: Path) -> None:
    """Being sure helps with a built-in disk, never with the one that is running."""
    assert "this computer runs from it" == _refusal(facts_of("8:0", machine), sure=True)
    assert _refusal(facts_of("8:48", machine), sure=True) is None


def test_disk_in_a_usb_case_may_be_written(machine: Path) -> None:
    """Such a disk says that it is not removable, and it is a good stick."""
    assert _refusal(facts_of("8:64", machine)) is None


def test_part_of_a_disk_is_refused(machine: Path) -> None:
    """/dev/sde1 is mistyped for /dev/sde once a week."""
    with pytest.raises(StickRefusedError, match="Name the whole disk"):
        facts_of("8:65", machine)


def test_stick_that_is_too_small_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    small = tmp_path / "small"
    small.write_bytes(bytes(100))
    with pytest.raises(StickRefusedError, match="the image needs 1 MiB"):
        require_fit(small, needed=2**20, not_removable=frozenset())


def test_folder_is_refused(tmp_path: Path) -> None:
    """A folder, a terminal, a socket: no stick."""
    with pytest.raises(StickRefusedError, match="neither a disk nor a file"):
        require_fit(tmp_path, needed=1, not_removable=frozenset())
