"""A bare Debian 13 that answers HTTP: what the box's own start is measured beside.

The same machine, the same kernel package, a stick, UEFI; only none of the product in it.  On the
room's cable it is also the computer that nobody knows (`tests/image/stranger.py`), and with two
played radios a wireless network and who joins it (`tests/image/radios.py`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.image.machine import Machine
from tests.image.sticks import copy_in, empty_stick

PACKAGES = "linux-image-amd64,systemd-sysv,systemd-boot-efi,udev,iproute2,python3"
LABEL = "bare-debian"
ROOT_MIB = 1536
BOOT_MIB = 256
FETCH_SECONDS = 1800
MAKE_SECONDS = 300
PORT = 17480
_SERVICE = """[Unit]
After=network.target
[Service]
ExecStart=/usr/bin/python3 /usr/local/lib/program.py 80
[Install]
WantedBy=multi-user.target
"""
_NETWORK = "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n"
_ENTRY = f"""title Debian
linux /vmlinuz
initrd /initrd.img
options root=LABEL={LABEL} ro console=ttyS0 systemd.journald.forward_to_console=1
"""


def _run(*command: str, seconds: int = MAKE_SECONDS) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=seconds)


def _fetch(build: Path, packages: str) -> Path:
    """Return the folder with its system; it is kept between runs."""
    root, unfinished = build / "root", build / "root.new"
    if root.exists():
        return root
    build.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = build / "debian.tar"
    command = ("mmdebstrap", "--variant=minbase", f"--include={packages}", "trixie", str(archive))
    _run(*command, seconds=FETCH_SECONDS)
    unfinished.mkdir()
    _run("tar", "-C", str(unfinished), "--exclude=./dev/*", "-xf", str(archive))
    archive.unlink()
    (unfinished / "etc/systemd/system/answer.service").write_text(_SERVICE)
    (unfinished / "etc/systemd/network/wired.network").write_text(_NETWORK)
    wanted = unfinished / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    for unit in (
        "/etc/systemd/system/answer.service",
        "/lib/systemd/system/systemd-networkd.service",
    ):
        (wanted / Path(unit).name).symlink_to(unit)
    return unfinished.rename(root)


def _make_sticks(
    build: Path, packages: str, program: str, networks: Mapping[str, str]
) -> tuple[Path, Path]:
    """Return the stick that the firmware starts from and the one with the system."""
    root = _fetch(build, packages)
    for name, text in networks.items():
        (root / "etc/systemd/network" / name).write_text(text)
    shutil.copy(Path(__file__).with_name(program), root / "usr/local/lib/program.py")
    boot, system, entry = build / "boot.raw", build / "system.raw", build / "debian.conf"
    empty_stick(boot, "BOOT", mib=BOOT_MIB)
    entry.write_text(_ENTRY)
    for folder in ("/EFI", "/EFI/BOOT", "/loader", "/loader/entries"):
        _run("mmd", "-i", str(boot), f"::{folder}")
    loader = root / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
    copy_in(str(boot), loader, "/EFI/BOOT/BOOTX64.EFI")
    copy_in(str(boot), entry, "/loader/entries/debian.conf")
    copy_in(str(boot), next((root / "boot").glob("vmlinuz-*")), "/vmlinuz")
    copy_in(str(boot), next((root / "boot").glob("initrd.img-*")), "/initrd.img")
    system.unlink(missing_ok=True)
    _run("mkfs.ext4", "-q", "-L", LABEL, "-d", str(root), str(system), f"{ROOT_MIB}M")
    return boot, system


def bare_debian(
    build: Path,
    work: Path,
    *,
    more_packages: str = "",
    program: str = "stranger.py",
    networks: Mapping[str, str] = MappingProxyType({}),
) -> Machine:
    """Return the machine, off; its system is made once and kept in `build`.

    `networks` are files of systemd-networkd, by name.
    """
    boot, system = _make_sticks(build, PACKAGES + more_packages, program, networks)
    return Machine(
        *("bare-debian", work / "bare-debian", boot, 2048, 32),
        forwarded={PORT: 80},
        extra=(
            *("-drive", f"if=none,id=system,format=raw,file={system}"),
            *("-device", "usb-storage,drive=system"),
        ),
    )


def ask(path: str, /, *, seconds: float, **given: str) -> Any:
    """Return what it answers."""
    url = f"http://127.0.0.1:{PORT}{path}?{urlencode(given)}"
    with urlopen(url, timeout=seconds) as answer:
        return json.load(answer)


def wait_until_answering(*, seconds: float) -> float:
    """Return after how many seconds it answered; raises TimeoutError."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        try:
            ask("/", seconds=5)
            return time.monotonic() - started
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"a bare Debian did not answer within {seconds:.0f} s")
