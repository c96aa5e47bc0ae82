"""Which devices may be written: never the one the system runs from, nor one that is in use.

A plain file may stand for a stick; it is written like one.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import RefusedError


class StickRefusedError(RefusedError):
    """A device is not written, because that would destroy something or be of no use."""

    key = "stick_refused"
    staff_message = "{device} was not written: {problem}."


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the kernel says of one device."""

    name: str
    size: int
    is_removable: bool
    mounted_at: tuple[str, ...]
    holders: tuple[str, ...]

    def refusal(self, *, needed: int, even_if_not_removable: bool) -> str | None:
        """Return why it must not be written, as the rest of a sentence; None when it may."""
        if "/" in self.mounted_at:
            return "this computer runs from it"
        if self.mounted_at:
            places = ", ".join(self.mounted_at)
            return f"it is mounted at {places}. Unmount it if nothing on it is needed"
        if self.holders:
            return f"{', '.join(self.holders)} of this computer uses it"
        if self.size < needed:
            return f"it has {_mib(self.size)} MiB and the image needs {_mib(needed)} MiB"
        if not self.is_removable and not even_if_not_removable:
            return (
                "it is not a removable disk. If it is the right one, name it again with "
                "--even-if-not-removable"
            )
        return None


def require_fit(
    path: Path, *, needed: int, not_removable: frozenset[Path], system: Path = Path("/")
) -> None:
    """Raise StickRefusedError unless this device or file may be written with `needed` bytes."""
    try:
        facts = look_at(path, system)
    except OSError as problem:
        raise StickRefusedError(device=str(path), problem=str(problem.strerror)) from problem
    refusal = facts.refusal(needed=needed, even_if_not_removable=path in not_removable)
    if refusal is not None:
        raise StickRefusedError(device=str(path), problem=refusal)


def look_at(path: Path, system: Path = Path("/")) -> DeviceFacts:
    """Ask the kernel about a device, below `system`; raises OSError, StickRefusedError."""
    state = path.stat()
    if stat.S_ISREG(state.st_mode):
        return DeviceFacts(path.name, state.st_size, True, (), ())
    if not stat.S_ISBLK(state.st_mode):
        raise StickRefusedError(device=str(path), problem="it is neither a disk nor a file")
    number = f"{os.major(state.st_rdev)}:{os.minor(state.st_rdev)}"
    return facts_of(number, system)


def facts_of(number: str, system: Path) -> DeviceFacts:
    """Return what /sys and /proc say of the device with this `major:minor`."""
    entry = (system / "sys/dev/block" / number).resolve()
    if (entry / "partition").exists():
        problem = f"it is only a part of {entry.parent.name}. Name the whole disk"
        raise StickRefusedError(device=f"/dev/{entry.name}", problem=str(problem))
    mounts = _mounts(system)
    parts = [entry, *(one for one in entry.iterdir() if (one / "partition").exists())]
    found: list[str] = []
    holders: list[str] = []
    for part in parts:
        found += mounts.get(_read(part / "dev"), [])
        for holder in _names(part / "holders"):
            # What lies in an encrypted or verified disk is mounted under the holder's number.
            inner = mounts.get(_read(part / "holders" / holder / "dev"), [])
            found += inner
            holders += [] if inner else [holder]
    is_usb = "/usb" in str(entry)
    return DeviceFacts(
        name=entry.name,
        size=int(_read(entry / "size") or 0) * 512,
        is_removable=_read(entry / "removable") == "1" or is_usb,
        mounted_at=tuple(sorted(set(found))),
        holders=tuple(sorted(set(holders))),
    )


def _mounts(system: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (system / "proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split(" ")
        found.setdefault(fields[2], []).append(fields[4])
    return found


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def _mib(size: int) -> int:
    return size // 2**20
