"""What the machine says of itself: memory, clock, power, network, and who answers at a port.

Every reading is None where the machine cannot tell.
"""

from __future__ import annotations

import ctypes
import os
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.platform.announcing import outside_addresses

ANSWER_SECONDS = 2
SMALL_WRITES_MAX = 40
SMALL_WRITES_SECONDS = 2
TRUSTED = ""

_CLOCK_UNSYNCHRONISED = 5
_TIMEX_BYTES = 208
_SECURE_BOOT = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@dataclass(frozen=True, slots=True)
class Power:
    """Mains and batteries.  `is_on_mains` None: nothing tells."""

    is_on_mains: bool | None
    battery_percent: int | None


@dataclass(frozen=True, slots=True)
class DiskLock:
    """What the key of an image's disk depends on."""

    has_chip: bool
    is_secure_boot_on: bool


@dataclass(frozen=True, slots=True)
class Network:
    """Ports with a cable in which something answers, and addresses others can use."""

    linked: tuple[str, ...]
    unlinked: tuple[str, ...]
    addresses: tuple[str, ...]


def memory_mib(root: Path = Path("/")) -> tuple[int, int] | None:
    """Return (all, still to be had)."""
    try:
        text = (root / "proc/meminfo").read_text(encoding="ascii")
        found = {line.partition(":")[0]: line.split()[1] for line in text.splitlines()}
        return int(found["MemTotal"]) // 1024, int(found["MemAvailable"]) // 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None


def clock_is_synchronised() -> bool | None:
    """Return whether the kernel's clock follows another one (adjtimex(2))."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    state = -1 if adjtimex is None else adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _CLOCK_UNSYNCHRONISED


def hardware_clock_ms(root: Path = Path("/")) -> int | None:
    """Return what the clock with the battery says."""
    seconds = _number(root / "sys/class/rtc/rtc0/since_epoch")
    return None if seconds is None else seconds * 1000


def power(root: Path = Path("/")) -> Power:
    """Look at mains, batteries and a UPS that says it is one."""
    mains: list[bool] = []
    percents: list[int] = []
    for one in _folders(root / "sys/class/power_supply"):
        kind = _text(one / "type")
        percent = _number(one / "capacity")
        if kind in {"Battery", "UPS"} and _text(one / "scope") != "Device" and percent is not None:
            percents.append(percent)
        elif kind in {"Mains", "USB"} and _number(one / "online") is not None:
            mains.append(_number(one / "online") == 1)
    return Power(any(mains) if mains else None, min(percents, default=None))


def disk_lock(root: Path = Path("/")) -> DiskLock:
    """Look for a security chip, and ask the firmware whether it starts signed systems only."""
    return DiskLock(_folders(root / "sys/class/tpm") != [], secure_boot(root))


def secure_boot(root: Path = Path("/")) -> bool:
    """Return whether the firmware starts signed systems only (UEFI specification 2.10, 3.3)."""
    try:
        # Four bytes of attributes come before what the variable says.
        return (root / "sys/firmware/efi/efivars" / _SECURE_BOOT).read_bytes()[4:] == b"\1"
    except OSError:
        return False


def network(root: Path = Path("/")) -> Network:
    """Look at the ports of this machine that are hardware."""
    ports = [one for one in _folders(root / "sys/class/net") if (one / "device").exists()]
    linked = tuple(one.name for one in ports if _number(one / "carrier") == 1)
    unlinked = tuple(one.name for one in ports if one.name not in linked)
    addresses = tuple(one for one in outside_addresses() if one != "127.0.0.1")
    return Network(linked, unlinked, addresses)


def listens_udp(port: int, root: Path = Path("/")) -> bool:
    """Return whether anybody on this machine listens at a UDP port."""
    try:
        lines = (root / "proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return False
    return any(line.split()[1].endswith(f":{port:04X}") for line in lines)


def silent_ports(places: Iterable[tuple[str, int]]) -> tuple[int, ...]:
    """Return the ports of these (address, port) of this machine at which nobody answers."""
    return tuple(port for address, port in places if not _answers(address, port))


def tls_complaint(host: str, port: int, authority: Path) -> str | None:
    """Return what a client says of the certificate at a port of this machine; empty: it trusts it.

    None when nobody answers.
    """
    context = ssl.create_default_context()
    try:
        if authority.exists():
            context.load_verify_locations(authority)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as line,
            context.wrap_socket(line, server_hostname=host),
        ):
            return TRUSTED
    except ssl.SSLCertVerificationError as problem:
        return problem.verify_message
    except ssl.SSLError as problem:
        return problem.reason or "TLS"
    except OSError:
        return None


def small_write_p95_ms(folder: Path) -> float | None:
    """Return how long 95 in 100 small durable writes into a folder take at most."""
    path = folder / f"speed.{os.getpid()}"
    times: list[float] = []
    try:
        with path.open("wb") as file:
            begun = time.monotonic()
            while len(times) < SMALL_WRITES_MAX and time.monotonic() - begun < SMALL_WRITES_SECONDS:
                one = time.monotonic()
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
                times.append((time.monotonic() - one) * 1000)
    except OSError:
        return None
    finally:
        path.unlink(missing_ok=True)
    return sorted(times)[len(times) * 95 // 100]


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _folders(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None
