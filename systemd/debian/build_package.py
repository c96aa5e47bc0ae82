"""Build the Debian package of the box: `make deb`.

    python systemd/debian/build_package.py FOLDER

The package holds wheels for each Python of the Debians it is for, pinned by requirements.lock; its
postinst makes an environment of those that fit.  The same commit gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PYTHONS = ("3.11", "3.13")
"""Of Debian 12 and of Debian 13."""
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""Older than the C library of Debian 12."""
FETCH_SECONDS = 1200
WHEELS = "usr/share/examroom/wheels"
UNITS = {
    "system": "usr/lib/systemd/system",
    "sysusers": "usr/lib/sysusers.d",
    "tmpfiles": "usr/lib/tmpfiles.d",
    "journald": "usr/lib/systemd/journald.conf.d",
}
PAGES = {
    "systemd/README.md": "systemd.md",
    "docs/operating/installing.md": "installing.md",
    "docs/settings.md": "settings.md",
    "LICENSE": "copyright",
}
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
SETTINGS = "etc/examroom/examroom.toml"


def run(*command: str | Path) -> str:
    """Run a program and return what it printed; what went wrong is shown."""
    parts = [str(part) for part in command]
    done = subprocess.run(parts, stdout=subprocess.PIPE, text=True, timeout=FETCH_SECONDS)  # noqa: PLW1510
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(parts[:6])} ... failed")
    return done.stdout


def own_wheel(folder: Path) -> Path:
    """Build our own wheel into `folder`."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    # From a copy of what is committed or about to be: a build folder left over would go along.
    with tempfile.TemporaryDirectory() as copy:
        listed = run("git", "-C", REPOSITORY, "ls-files", "-co", "--exclude-standard", "-z")
        for name in filter(None, listed.split("\0")):
            if (source := REPOSITORY / name).is_file():
                target = Path(copy) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        run(sys.executable, "-m", "pip", "wheel", *options, copy)
    [wheel] = folder.glob("examroom-*.whl")
    return wheel


def needed() -> set[str]:
    """Return what the product needs to run, and what that needs: names as in the lock file."""
    setup = ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    found: set[str] = set()
    for line in setup["options"]["install_requires"].strip().splitlines():
        found |= set(_below(Requirement(line), found))
    return found


def _below(wanted: Requirement, seen: set[str]) -> Iterator[str]:
    name = re.sub(r"[-_.]+", "-", wanted.name).lower()
    if name in seen:
        return
    seen.add(name)
    yield name
    for text in requires(wanted.name) or []:
        below = Requirement(text)
        extras = wanted.extras or {""}
        if below.marker is None or any(below.marker.evaluate({"extra": one}) for one in extras):
            yield from _below(below, seen)


def pinned(names: set[str]) -> str:
    """Return the lines of requirements.lock about these packages, hashes included."""
    blocks = re.split(r"^(?=\S)", (REPOSITORY / "requirements.lock").read_text(), flags=re.M)
    kept = [one for one in blocks if one.partition("==")[0].partition("[")[0] in names]
    return re.sub(r"^ +#.*\n", "", "".join(kept), flags=re.M)


def gather_wheels(folder: Path, pythons: Sequence[str]) -> None:
    """Put our wheel and all it needs into the new `folder`, and what pins them beside it."""
    folder.mkdir(parents=True)
    own = own_wheel(folder)
    lock = folder.with_name("wheels.lock")
    lock.write_text(pinned(needed()), encoding="utf-8")
    for python in pythons:
        run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python-version", python),
            *(part for one in PLATFORMS for part in ("--platform", one)),
            *("--dest", folder, "--requirement", lock),
        )
    version, digest = own.name.split("-")[1], hashlib.sha256(own.read_bytes()).hexdigest()
    with lock.open("a", encoding="utf-8") as file:
        file.write(f"examroom=={version} --hash=sha256:{digest}\n")


def lay_out(root: Path) -> str:
    """Lay everything out below `root` as it will lie on a machine; return the version."""
    gather_wheels(root / WHEELS, PYTHONS)
    for folder, target in UNITS.items():
        shutil.copytree(REPOSITORY / "systemd" / folder, root / target)
    for name, target in PAGES.items():
        _copy(REPOSITORY / name, root / "usr/share/doc/examroom" / target)
    _copy(HERE / "examroom.toml", root / SETTINGS)
    _copy(REPOSITORY / "systemd" / "examroom-box", root / "usr/sbin/examroom-box")
    setup = ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    (root / "usr/bin").mkdir(parents=True)
    for line in setup["options.entry_points"]["console_scripts"].strip().splitlines():
        name = line.partition("=")[0].strip()
        (root / "usr/bin" / name).symlink_to(f"/opt/examroom/bin/{name}")
    return setup["metadata"]["version"]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def control_files(root: Path, version: str) -> None:
    """Write what dpkg reads; our settings file is one that it never overwrites."""
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    folder = root / "DEBIAN"
    folder.mkdir()
    text = (HERE / "control").read_text(encoding="utf-8")
    control = text.format(version=version, kibibytes=size // 1024)
    (folder / "control").write_text(control, encoding="utf-8")
    (folder / "conffiles").write_text(f"/{SETTINGS}\n", encoding="ascii")
    for name in SCRIPTS:
        _copy(HERE / name, folder / name)


def settle_modes(root: Path) -> None:
    """Give every file the mode it has on all machines, whatever the umask here."""
    for path in (root, *root.rglob("*")):
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.name in {*SCRIPTS, "examroom-box"}
        path.chmod(0o755 if runs else 0o644)


def settle_modes_and_times() -> None:
    """Make what is built from one commit the same: a wheel holds modes, an archive times, too."""
    os.umask(0o022)
    os.environ.setdefault(
        "SOURCE_DATE_EPOCH", run("git", "-C", REPOSITORY, "log", "-1", "--format=%ct").strip()
    )


def build(target: Path) -> Path:
    """Build the package into the folder `target` and return its file."""
    target.mkdir(parents=True, exist_ok=True)
    settle_modes_and_times()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        version = lay_out(root)
        control_files(root, version)
        settle_modes(root)
        package = target / f"examroom_{version}_amd64.deb"
        run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, package)
    return package


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
