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
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
SUITE = "trixie"
PYTHON = "3.13"
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64")
TOOLS = (
    "mkosi,systemd,systemd-repart,systemd-ukify,systemd-boot-efi,systemd-boot-tools,erofs-utils,mtools,"
    "dosfstools,cryptsetup-bin,e2fsprogs,zstd,cpio,kmod,xz-utils,python3-pefile,sbsigntool,"
    "openssl,bubblewrap,uidmap,mount,debian-archive-keyring,ca-certificates"
)
FETCH_SECONDS = 1800
BUILD_SECONDS = 3600

_ENTER = """
set -e
tools=$1; work=$2; shift 2
mount --bind "$tools" "$tools"
mount -t proc proc "$tools/proc"
mount --rbind /sys "$tools/sys"
mount --rbind /dev "$tools/dev"
mkdir -p "$tools/work" "$tools/old"
mount --bind "$work" "$tools/work"
cd "$tools"
pivot_root . old
umount -l /old
cd /work
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
    tools = build / f"tools-{hashlib.sha256(TOOLS.encode()).hexdigest()[:8]}"
    if tools.exists():
        return tools
    archive, unfinished = build / "tools.tar", build / "tools.new"
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


def _needed(name: str, seen: set[str]) -> Iterator[str]:
    """Give the names of everything `name` needs on the image's Python."""
    for text in requires(name) or []:
        wanted = Requirement(text)
        there = wanted.marker is None or any(
            wanted.marker.evaluate({"extra": extra, "python_version": PYTHON})
            for extra in ("", *wanted.extras)
        )
        key = wanted.name.lower().replace("_", "-").replace(".", "-")
        if there and key not in seen:
            seen.add(key)
            yield key
            yield from _needed(wanted.name, seen)


def gather_wheels(work: Path) -> None:
    """Put our own wheel and what it needs, pinned by the lock file, beside the configuration."""
    wheels = work / "wheels"
    wheels.mkdir(exist_ok=True)
    for old in wheels.glob("examroom-*.whl"):
        old.unlink()
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", wheels, REPOSITORY),
        seconds=300,
    )
    needed = set(_needed("examroom", set()))
    blocks = (REPOSITORY / "requirements.lock").read_text().split("\n")
    pinned: list[str] = []
    keep = False
    for line in blocks:
        if line and not line.startswith((" ", "#")):
            keep = line.partition("==")[0].partition("[")[0] in needed
        if keep and not line.lstrip().startswith("#"):
            pinned.append(line)
    wanted = work / "wheels.txt"
    wanted.write_text("\n".join(pinned) + "\n")
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--only-binary=:all:", "--python-version", PYTHON),
        *(part for platform in PLATFORMS for part in ("--platform", platform)),
        *("--dest", wheels, "-r", wanted),
        seconds=FETCH_SECONDS,
    )


def lay_in_units(extra: Path) -> None:
    """Put the units of the box where the package would."""
    systemd = REPOSITORY / "systemd"
    for folder, target in (
        ("system", "usr/lib/systemd/system"),
        ("sysusers", "usr/lib/sysusers.d"),
        ("tmpfiles", "usr/lib/tmpfiles.d"),
        ("journald", "usr/lib/systemd/journald.conf.d"),
    ):
        shutil.copytree(systemd / folder, extra / target, dirs_exist_ok=True)
    (extra / "usr/sbin").mkdir(parents=True, exist_ok=True)
    shutil.copy(systemd / "examroom-box", extra / "usr/sbin")


def build_image(tools: Path, work: Path, profile: str, version: str) -> Path:
    """Run mkosi for one profile and return the image."""
    configuration = work / "usb_image"
    shutil.rmtree(configuration, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE, configuration, symlinks=True, ignore=ignored)
    lay_in_units(configuration / "mkosi.profiles" / "box" / "mkosi.extra")
    for folder in ("packages", "cache", "out"):
        (work / folder).mkdir(exist_ok=True)
    command = ("git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct")
    epoch = subprocess.run(command, capture_output=True, text=True, check=True)
    run(
        *("unshare", "--mount", "--propagation", "private"),
        *("sh", "-c", _ENTER, "sh", tools, work),
        *("sh", "-c", 'cd usb_image && exec mkosi "$@"', "mkosi"),
        *("--profile", profile, "--image-version", version, "--force", "build"),
        seconds=BUILD_SECONDS,
        log=work / f"{profile}.log",
        env=os.environ | {"SOURCE_DATE_EPOCH": epoch.stdout.strip()},
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
    options.add_argument("--build", type=Path, default=REPOSITORY / "build" / "image")
    options.add_argument("--version", default="0.1.0")
    options.add_argument("--write-packages", action="store_true")
    given = options.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        raise SystemExit("Building an image needs root and the package mmdebstrap.")
    work = given.build / "work"
    work.mkdir(parents=True, exist_ok=True)
    tools = make_tools(given.build)
    gather_wheels(work)
    for profile in given.profile:
        image = build_image(tools, work, profile, given.version)
        check_packages(profile, image, write=given.write_packages)
        digest = hashlib.sha256(image.read_bytes()).hexdigest()
        sys.stdout.write(f"{image}  {image.stat().st_size // 2**20} MiB  sha256 {digest}\n")


if __name__ == "__main__":
    main()
