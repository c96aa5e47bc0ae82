"""`run` and `guard` as processes: a browser that is kept up, and ends by release only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client.supervision import browser_command, prepare_profile
from tests.integration.conftest import MakeBox
from tests.rig.box_process import BoxProcess, free_port
from tests.rig.tls_front import TlsFront, keep_authority

PATIENCE_SECONDS = 40
BROWSER = """#!/bin/sh
echo $$ >> "{folder}/started"
exec sleep 1000
"""


class Kiosk:
    """A workstation whose browser is a program that only waits."""

    def __init__(self, folder: Path, address: str, authority: trustme.CA) -> None:
        self.folder = folder
        browser = folder / "browser"
        browser.write_text(BROWSER.format(folder=folder))
        browser.chmod(0o755)
        self.config = folder / "kiosk.toml"
        port = free_port()
        self.local_origin = f"http://127.0.0.1:{port}"
        self.config.write_text(
            f'authority = "{keep_authority(authority, folder)}"\naddress = "{address}"\n'
            f'browser = ["{browser}"]\nprofile_dir = "{folder}/profile"\n'
            f'policies_dir = "{folder}/policies"\nstate_dir = "{folder}/state"\n'
            f"local_port = {port}\n"
        )
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, half: str) -> subprocess.Popen[bytes]:
        """Start one half of the program."""
        with (self.folder / f"{half}.log").open("ab") as log:
            made = subprocess.Popen(
                [sys.executable, "-m", "kiosk_client", half, "--config", str(self.config)],
                stdout=log,
                stderr=log,
            )
        self.processes.append(made)
        return made

    def browsers(self, count: int) -> list[int]:
        """Wait until so many browsers were started; return their ids."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            path = self.folder / "started"
            found = path.read_text().split() if path.exists() else []
            if len(found) >= count:
                return [int(one) for one in found]
            time.sleep(0.05)
        raise AssertionError([log.read_text() for log in self.folder.glob("*.log")])

    def stop(self) -> None:
        """End what is left."""
        for one in self.processes:
            one.terminate()
            one.wait(20)


@pytest.fixture
def box(make_box: MakeBox) -> BoxProcess:
    """A box that is not started yet."""
    return make_box()


@pytest.fixture
def kiosk(tmp_path: Path, box: BoxProcess) -> Iterator[Kiosk]:
    """A workstation that knows the address of a started box."""
    authority = trustme.CA()
    with closing(TlsFront(authority, box.candidate_port)) as front:
        box.settings = {**box.settings, "public_origin": front.origin}
        box.start()
        made = Kiosk(tmp_path, front.origin, authority)
        yield made
        made.stop()


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_browser_is_kept_up_and_ends_by_release_only(kiosk: Kiosk, box: BoxProcess) -> None:
    """None before the guard has locked it; killed, it comes back; released, it ends for good."""
    run = kiosk.start("run")
    while "does not answer" not in (kiosk.folder / "run.log").read_text():
        time.sleep(0.05)
    assert not (kiosk.folder / "started").exists()
    kiosk.start("guard")
    (first,) = kiosk.browsers(1)
    assert (kiosk.folder / "policies" / "examroom.json").exists()
    os.kill(first, signal.SIGKILL)
    _, second = kiosk.browsers(2)
    chief = box.staff()
    while "kiosk" not in chief.read("/workstations"):
        time.sleep(0.1)
    chief._post("/workstations", "/workstations/release", released="yes")
    assert 0 == run.wait(PATIENCE_SECONDS)
    assert not _is_alive(second)


def test_browser_is_started_anew_when_staff_ask(kiosk: Kiosk, box: BoxProcess) -> None:
    """Once for each time it was asked for."""
    kiosk.start("guard")
    kiosk.start("run")
    (first,) = kiosk.browsers(1)
    chief = box.staff()
    while "restart-browser" not in (page := chief.read("/workstations")):
        time.sleep(0.1)
    name = page.partition("/workstations/")[2].split("/workstations/")[-1].split("/")[0]
    chief._post("/workstations", f"/workstations/{name}/restart-browser")
    kiosk.browsers(2)
    assert not _is_alive(first)


def test_run_that_is_stopped_ends_its_browser_and_says_it_was_not_released(kiosk: Kiosk) -> None:
    """Only status 0 means that the computer may be switched off."""
    kiosk.start("guard")
    run = kiosk.start("run")
    (browser,) = kiosk.browsers(1)
    run.terminate()
    assert 143 == run.wait(20)
    assert not _is_alive(browser)


def _settings(folder: Path, **given: object) -> KioskSettings:
    return KioskSettings.model_validate(
        {"authority": folder / "root.pem", "profile_dir": folder / "home" / "profile", **given}
    )


@pytest.mark.parametrize(
    ("kept", "boot", "expected"),
    [
        (True, "boot-2", True),
        (False, "boot-1", True),
        (False, "boot-2", False),
    ],
)
def test_profile_is_emptied_at_a_start_of_the_computer_only_and_if_it_is_not_kept(
    tmp_path: Path, kept: bool, boot: str, expected: bool
) -> None:
    """What is unsent outlives a crash of the program."""
    profile = tmp_path / "home" / "profile"
    prepare_profile(profile, "boot-1", is_kept=kept)
    (profile / "unsent").write_text("work")
    (profile / "SingletonLock").symlink_to("old-name-1234")
    prepare_profile(profile, boot, is_kept=kept)
    assert expected == (profile / "unsent").exists()
    assert not (profile / "SingletonLock").is_symlink()


def test_browser_is_locked_by_its_command_too(tmp_path: Path) -> None:
    """And never without its sandbox, unless the settings say another command."""
    settings = _settings(tmp_path, screen_reader=True)
    command = browser_command(settings, settings.profile_dir, {"WAYLAND_DISPLAY": "w"})
    assert "chromium" == command[0]
    assert "http://127.0.0.1:8402/" == command[-1]
    assert {
        "--kiosk",
        "--noerrdialogs",
        "--disable-session-crashed-bubble",
        "--ozone-platform=wayland",
        "--force-renderer-accessibility",
        f"--user-data-dir={tmp_path}/home/profile",
    } <= set(command)
    assert "--no-sandbox" not in command
    on_stick = browser_command(settings, tmp_path / "stick", {})
    assert {f"--user-data-dir={tmp_path}/stick", f"--disk-cache-dir={tmp_path}/home/cache"} <= set(
        on_stick
    )
