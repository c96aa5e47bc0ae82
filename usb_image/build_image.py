"""Build the bootable images of the box and of the client: `make image`.

Runs as root on any Debian with mmdebstrap.  Debian's tools for images (mkosi, repart, ukify) come
from a Debian 13 tree made for the purpose, so that the host's versions do not matter; nothing is
mounted outside a mount namespace of its own, and no loop device or device-mapper is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from systemd.debian.build_package import UNITS, gather_wheels, settle_modes_and_times
from usb_image.secure_boot_key import CERTIFICATE, KEY, find_or_make_key

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
SUITE = "trixie"
PYTHON = "3.13"
TOOLS = (
    "mkosi,systemd,systemd-repart,systemd-ukify,systemd-boot-efi,systemd-boot-tools,erofs-utils,mtools,"
    "dosfstools,cryptsetup-bin,e2fsprogs,zstd,cpio,kmod,xz-utils,python3-pefile,sbsigntool,"
    "openssl,bubblewrap,uidmap,mount,debian-archive-keyring,ca-certificates"
)
FETCH_SECONDS = 1800
BUILD_SECONDS = 3600

_ENTER = """
set -e
tools=$1; work=$2; keys=$3; shift 3
mount --bind "$tools" "$tools"
mount -t proc proc "$tools/proc"
mount --rbind /sys "$tools/sys"
mount --rbind /dev "$tools/dev"
mkdir -p "$tools/image" "$tools/old"
mount --bind "$work" "$tools/image"
[ -z "$keys" ] || { mkdir -p "$tools/keys"; mount --bind "$keys" "$tools/keys"; }
cd "$tools"
pivot_root . old
umount -l /old
cd /image
exec "$@"
"""
"""mkosi makes namespaces of its own, which the kernel refuses inside a chroot."""


def run(*command: str | Path, seconds: int, log: Path | None = None, **given: object) -> None:
    """Run a program; its output goes to `log`, or is shown when it fails."""
    text = [str(part) for part in command]
    try:
        done = subprocess.run(
            text, capture_output=True, text=True, timeout=seconds, check=False, **given
        )  # type: ignore[call-overload]
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{text[0]} did not end within {seconds} s.") from None
    if log is not None:
        log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).replace("\r", "\n").splitlines()
        raise SystemExit("\n".join([*said[-40:], f"{text[0]} failed ({done.returncode})."]))


def make_tools(build: Path) -> Path:
    """Return the Debian 13 tree with the tools; it is kept between builds."""
    tools = build / f"image-tools-{hashlib.sha256(TOOLS.encode()).hexdigest()[:8]}"
    if tools.exists():
        return tools
    archive, unfinished = build / "image-tools.tar", build / "image-tools.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    run(
        *("mmdebstrap", "--variant=apt", f"--include={TOOLS}", SUITE, archive),
        seconds=FETCH_SECONDS,
    )
    unfinished.mkdir()
    run("tar", "-C", unfinished, "--exclude=./dev/*", "-xf", archive, seconds=300)
    archive.unlink()
    unfinished.rename(tools)
    return tools


def lay_in_units(extra: Path) -> None:
    """Put the units of the box where the package would."""
    for folder, target in UNITS.items():
        shutil.copytree(REPOSITORY / "systemd" / folder, extra / target, dirs_exist_ok=True)
    (extra / "usr/sbin").mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "systemd" / "examroom-box", extra / "usr/sbin")


def signing_words(profile: str) -> tuple[str, ...]:
    """Return what mkosi is told when there is a key to sign with.

    Only a box brings the key to firmware that asks for one: a client changes nothing on a machine.
    """
    enrols = "yes" if profile == "box" else "no"
    return (
        *("--secure-boot=yes", f"--secure-boot-auto-enroll={enrols}"),
        *(f"--secure-boot-key=/keys/{KEY}", f"--secure-boot-certificate=/keys/{CERTIFICATE}"),
    )


def build_image(tools: Path, work: Path, profile: str, *, version: str, keys: Path | None) -> Path:
    """Run mkosi for one profile and return the image, signed where there are keys."""
    configuration = work / "usb_image"
    shutil.rmtree(configuration, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE, configuration, symlinks=True, ignore=ignored)
    lay_in_units(configuration / "mkosi.profiles" / "box" / "mkosi.extra")
    for folder in ("packages", "cache", "out"):
        (work / folder).mkdir(exist_ok=True)
    run(
        *("unshare", "--mount", "--propagation", "private"),
        *("sh", "-c", _ENTER, "sh", tools, work, keys or ""),
        *("sh", "-c", 'cd usb_image && exec mkosi "$@"', "mkosi"),
        *("--profile", profile, "--image-version", version),
        *(() if keys is None else signing_words(profile)),
        *("--force", "build"),
        seconds=BUILD_SECONDS,
        log=work / f"{profile}.log",
    )
    return work / "out" / f"examroom-{profile}_{version}.raw"


def package_list(manifest: Path) -> str:
    """Return the packages of an image, a line each."""
    packages = json.loads(manifest.read_text())["packages"]
    return "".join(f"{name}\n" for name in sorted({one["name"] for one in packages}))


def check_packages(profile: str, image: Path, *, write: bool) -> None:
    """Compare the packages of the image with the committed list, or write the list."""
    found = package_list(image.with_suffix(".manifest"))
    committed = HERE / "packages" / f"{profile}.txt"
    if write:
        committed.parent.mkdir(exist_ok=True)
        committed.write_text(found)
    elif not committed.exists() or committed.read_text() != found:
        raise SystemExit(
            f"The packages of the image differ from {committed.relative_to(REPOSITORY)}. "
            "Look at the difference, then build with --write-packages."
        )


def main() -> None:
    """Build the images that are asked for."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("profile", nargs="*", default=["box", "client"])
    options.add_argument("--build", type=Path, default=REPOSITORY / "build")
    options.add_argument("--version", default="0.1.0")
    options.add_argument("--secure-boot", type=Path, help="folder of the key to sign with")
    options.add_argument("--write-packages", action="store_true")
    given = options.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        raise SystemExit("Building an image needs root and the package mmdebstrap.")
    keys = given.secure_boot and find_or_make_key(given.secure_boot)
    work = given.build / "image"
    work.mkdir(parents=True, exist_ok=True)
    tools = make_tools(given.build)
    settle_modes_and_times()
    shutil.rmtree(work / "python", ignore_errors=True)
    gather_wheels(work / "python" / "wheels", [PYTHON])
    for profile in given.profile:
        image = build_image(tools, work, profile, version=given.version, keys=keys)
        check_packages(profile, image, write=given.write_packages)
        digest = hashlib.sha256(image.read_bytes()).hexdigest()
        sys.stdout.write(f"{image}  {image.stat().st_size // 2**20} MiB  sha256 {digest}\n")


if __name__ == "__main__":
    main()
