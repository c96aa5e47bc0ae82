"""The units of the box: known to systemd, shut in, and naming nothing that is not there."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioning.box_services.seal_keys import KEY_NAMES

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd" / "system").iterdir())
OF_THE_IMAGE = sorted(ROOT.glob("usb_image/mkosi.profiles/*/mkosi.extra/**/examroom-*.service"))
ROOTS_OWN = {
    # Opens the disk before anything listens, and ends: it needs root and the raw disk.
    "examroom-image-data.service",
    # Copies the stick to the machine's own disk, and ends.
    "examroom-install.service",
    # Writes one token into the header of the disk, and ends.
    "examroom-disk-key.service",
    # Mounts a stick; what reads it runs as the box's user, without a network.
    "examroom-stick@.service",
    # Formats, opens and mounts one partition; it listens to the guard alone, a line at a time.
    "examroom-keep-work@.service",
    # Makes a file that says so.
    "examroom-client-closed.service",
    # The candidate's screen: a session of an ordinary user, whose browser makes its own sandbox.
    "examroom-screen.service",
}
SERVICES = [
    one for one in [*UNITS, *OF_THE_IMAGE] if one.suffix == ".service" and one.name not in ROOTS_OWN
]
EXPOSURE_MAX_TENTHS = 20
ANALYZE = shutil.which("systemd-analyze")
OF_THE_SYSTEM = {
    "/usr/bin/install",
    "/usr/bin/systemctl",
    "/usr/sbin/haproxy",
    "/bin/kill",
    "/usr/bin/udevadm",
    "/usr/sbin/dnsmasq",
}
"""What Debian brings: coreutils, systemd, haproxy, procps."""

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not here")


def _named(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE)


def _all_text() -> str:
    return "\n".join(one.read_text(encoding="utf-8") for one in UNITS)


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda one: one.name)
def test_exposure_is_small(unit: Path) -> None:
    """A service that is broken into reaches little of the machine."""
    done = subprocess.run(
        [
            *(ANALYZE or "", "security", "--offline=true", "--no-pager"),
            *(f"--threshold={EXPOSURE_MAX_TENTHS}", str(unit)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stdout[-200:]


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """A misspelt line is left out by systemd, with a warning that nobody reads."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        # Our commands are not installed here; the next test says that they exist.
        known = re.sub(r"/usr/bin/examroom[a-z-]*", "/bin/true", text)
        (tmp_path / unit.name).write_text(known, encoding="utf-8")
    done = subprocess.run(
        [ANALYZE or "", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "" == done.stderr
    assert 0 == done.returncode


def test_every_command_exists() -> None:
    """A unit that names a command nobody installs does not start."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    ours = {
        f"/usr/bin/{line.split('=')[0].strip()}"
        for line in setup["options.entry_points"]["console_scripts"].strip().splitlines()
    }
    named = set(_named(r"^Exec\w+=[-+]*(\S+)", _all_text()))
    assert set() == named - ours - OF_THE_SYSTEM


def test_every_user_is_made() -> None:
    """systemd starts nothing for a user it does not know."""
    made = set(_named(r"^u (\S+)", _read("sysusers/examroom.conf")))
    assert made == set(_named(r"^(?:User|Group)=(\S+)", _all_text()))
    owners = _named(r"^d \S+ +\d+ (\S+)", _read("tmpfiles/examroom.conf"))
    assert set(owners) <= made | {"root"}


def test_every_folder_is_made() -> None:
    """A path in ReadWritePaths= that is not there stops the service."""
    made = set(_named(r"^d (\S+)", _read("tmpfiles/examroom.conf")))
    named = {
        path
        for line in _named(r"^ReadWritePaths=(.+)", _all_text())
        for path in line.split()
        if not path.startswith("-")
    }
    assert named <= made | {"/var/lib/systemd"}


def test_services_get_the_keys_that_are_sealed() -> None:
    """A key that is sealed and not handed over would be missed at the start."""
    box = _read("system/examroom.service")
    handed_over = _named(r"^LoadCredentialEncrypted=(\S+):", box)
    assert sorted(KEY_NAMES) == sorted(handed_over)
    for name, path in _named(r"^LoadCredentialEncrypted=(\S+):(\S+)$", _all_text()):
        assert f"/var/lib/examroom-credentials/{name}.cred" == path


def test_command_of_the_box_gets_the_keys_that_are_there(tmp_path: Path) -> None:
    """A wiping that was cut off has destroyed them, and is gone on with."""
    for name in KEY_NAMES:
        (tmp_path / f"{name}.cred").touch()
    told = _run_as_the_box(tmp_path, "examroom", "doctor")
    assert told.endswith("-- examroom doctor")
    for name in KEY_NAMES:
        assert f"LoadCredentialEncrypted={name}:{tmp_path}/{name}.cred" in told
        (tmp_path / f"{name}.cred").unlink()
    assert "LoadCredentialEncrypted" not in _run_as_the_box(tmp_path, "examroom-sync", "wipe-box")


@pytest.mark.parametrize(
    ("command", "user"),
    [(("examroom-sync", "wipe-box"), "root"), (("examroom-sync", "carry"), "examroom")],
)
def test_only_wiping_is_run_as_root(tmp_path: Path, command: tuple[str, ...], user: str) -> None:
    """The keys that it has to destroy were sealed for root; all else is the box's own user's."""
    assert f"--property=User={user} " in _run_as_the_box(tmp_path, *command)


def _run_as_the_box(keys: Path, *command: str) -> str:
    """Return what `examroom-box` gives to systemd-run."""
    stand_in = keys / "systemd-run"
    stand_in.write_text('#!/bin/sh\necho "$@"\n')
    stand_in.chmod(0o755)
    script = keys / "examroom-box"
    script.write_text(_read("examroom-box").replace("/var/lib/examroom-credentials", str(keys)))
    done = subprocess.run(
        ["/bin/sh", str(script), *command],
        env={"PATH": f"{keys}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()


def test_everything_belongs_to_the_target() -> None:
    """`systemctl start examroom.target` is all a machine needs, and `stop` ends it."""
    target = _read("system/examroom.target")
    wanted = {one for line in _named(r"^Wants=(.+)", target) for one in line.split()}
    reached = wanted | {one.replace(".path", ".service") for one in wanted}
    reached |= set(_named(r"^Requires=(.+)", _all_text()))
    assert {one.name for one in UNITS} == reached | {"examroom.target"}
    for name in sorted(wanted):
        assert "PartOf=examroom.target" in _read(f"system/{name}"), name


def _read(name: str) -> str:
    return (ROOT / "systemd" / name).read_text(encoding="utf-8")
