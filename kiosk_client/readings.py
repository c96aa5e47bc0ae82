"""How this computer is, as the kernel tells it: battery, network, displays, whether it is real.

Every function reads below a root folder, `/` on a computer.  What cannot be read is None or empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TEXT_CHARACTERS_MAX = 60
DEVICES_MAX = 8
WIRELESS_QUALITY_MAX = 70
"""The full scale of the link quality in /proc/net/wireless."""

_VIRTUAL = (
    ("qemu", "QEMU"),
    ("kvm", "KVM"),
    ("bochs", "Bochs"),
    ("vmware", "VMware"),
    ("virtualbox", "VirtualBox"),
    ("innotek", "VirtualBox"),
    ("parallels", "Parallels"),
    ("xen", "Xen"),
    ("virtual machine", "Hyper-V"),
    ("bhyve", "bhyve"),
    ("amazon ec2", "Amazon EC2"),
    ("google compute", "Google Compute"),
)
"""What firmware of virtual machines calls itself; systemd-detect-virt knows the same names."""


@dataclass(frozen=True, slots=True)
class Battery:
    """The computer's own battery."""

    percent: int
    is_charging: bool


@dataclass(frozen=True, slots=True)
class Network:
    """The interface that is up."""

    interface: str
    wireless_percent: int | None


def battery(root: Path) -> Battery | None:
    """Return the computer's battery; those of mice and keyboards are not it."""
    for supply in _entries(root / "sys/class/power_supply"):
        if _text(supply / "type") != "Battery" or _text(supply / "scope") == "Device":
            continue
        percent = _text(supply / "capacity")
        if percent.isdecimal():
            # A full battery on its charger says "Full" or "Not charging", and does not run out.
            return Battery(min(100, int(percent)), _text(supply / "status") != "Discharging")
    return None


def permanent_address(root: Path) -> str:
    """Return a hardware address that this computer was built with, the lowest of them, or nothing.

    An interface without a device behind it is none, nor is one whose address was made up
    (`addr_assign_type`, Documentation/ABI/testing/sysfs-class-net).
    """
    addresses = [
        _text(one / "address")
        for one in _entries(root / "sys/class/net")
        if (one / "device").exists() and _text(one / "addr_assign_type") == "0"
    ]
    return min((one for one in addresses if one), default="")


def network(root: Path) -> Network | None:
    """Return the interface that is up, a wired one before a wireless one."""
    up = [
        one
        for one in _entries(root / "sys/class/net")
        if one.name != "lo" and _text(one / "operstate") == "up"
    ]
    up.sort(key=lambda one: (one / "wireless").exists())
    if not up:
        return None
    return Network(up[0].name[:TEXT_CHARACTERS_MAX], _wireless_percent(root, up[0].name))


def _wireless_percent(root: Path, interface: str) -> int | None:
    for line in _text(root / "proc/net/wireless").splitlines():
        fields = line.split()
        if len(fields) > 2 and fields[0] == f"{interface}:":
            quality = fields[2].rstrip(".")
            if quality.isdecimal():
                return min(100, int(quality) * 100 // WIRELESS_QUALITY_MAX)
    return None


def displays_count(root: Path) -> int | None:
    """Return how many displays are connected."""
    states = [_text(one / "status") for one in _entries(root / "sys/class/drm")]
    known = [one for one in states if one in {"connected", "disconnected"}]
    return known.count("connected") if known else None


def virtual_machine(root: Path) -> str:
    """Return the software that this computer is made of; empty: it is a real one."""
    firmware = " ".join(
        _text(root / "sys/class/dmi/id" / name).lower()
        for name in ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
    )
    for sign, name in _VIRTUAL:
        if sign in firmware:
            return name
    flags = next(
        (line for line in _text(root / "proc/cpuinfo").splitlines() if line.startswith("flags")),
        "",
    )
    return "unknown" if " hypervisor" in flags else ""


def boot_id(root: Path) -> str:
    """Return the name of this start of the computer."""
    return _text(root / "proc/sys/kernel/random/boot_id")


def devices(root: Path) -> dict[str, str]:
    """Return what is plugged in by USB: its place, and its name without any serial number."""
    found = {}
    for one in _entries(root / "sys/bus/usb/devices"):
        name = f"{_text(one / 'manufacturer')} {_text(one / 'product')}".strip()
        number = _text(one / "devnum")
        # Hubs are part of the computer; interfaces of a device have no number.
        if number and _text(one / "bDeviceClass") != "09":
            printable = "".join(char for char in name if char.isprintable())
            found[f"{one.name} {number}"] = printable[:TEXT_CHARACTERS_MAX] or "?"
    return found


def plugged_since(before: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    """Return the names of what was plugged in after `before`; a number is never given twice."""
    new = [name for place, name in now.items() if place not in before]
    return tuple(new[:DEVICES_MAX])


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
