"""The half of the kiosk that runs inside the compositor: it starts the browser, and keeps it up.

It never starts one before the guard answers, because the guard has written by then what the
browser is forbidden.  It ends when the guard says that this computer was let go, and not before.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client import readings
from kiosk_client.one_page import OnePage, through_pipe
from kiosk_client.screen_reader import ScreenReader, environment_of_x

POLL_SECONDS = 1
ANSWER_SECONDS = 5
ANSWER_BYTES_MAX = 64 * 1024
END_SECONDS = 10
REST_SECONDS_MAX = 30
SETTLE_POLLS_MAX = 10
"""So long no browser is started, because it would be started anew where work is kept."""
WELL_AFTER_POLLS = 60
"""A browser that lived so long starts again at once when it ends."""
LOCKS = ("SingletonLock", "SingletonCookie", "SingletonSocket")
"""Left behind by a power cut; with another host name Chromium would ask instead of starting."""

_log = logging.getLogger(__name__)


def browser_command(
    settings: KioskSettings, profile: Path, environment: Mapping[str, str]
) -> list[str]:
    """Return the command that starts the browser at this computer's own page."""
    options = [
        f"--user-data-dir={profile}",
        "--kiosk",
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        "--noerrdialogs",
        "--disable-session-crashed-bubble",
        "--hide-crash-restore-bubble",
        # The profile is protected by who may read it; no other keyring is there to ask for.
        "--password-store=basic",
        f"--lang={settings.language}",
    ]
    if environment.get("WAYLAND_DISPLAY"):
        options.append("--ozone-platform=wayland")
    if profile != settings.profile_dir:
        # What can be fetched again does not wear out the stick.
        options.append(f"--disk-cache-dir={settings.profile_dir.with_name('cache')}")
    if settings.screen_reader:
        options.append("--force-renderer-accessibility")
    return [*settings.browser, *options, f"{settings.local_origin}/"]


def prepare_profile(profile: Path, boot_id: str, *, is_kept: bool) -> None:
    """Empty the profile once a start of the computer, unless it is kept; take off stale locks.

    Not at every start of this program: what is unsent must outlive its crash.
    """
    mark = profile.with_name(f"{profile.name}.boot")
    if not is_kept and _read(mark) != boot_id:
        shutil.rmtree(profile, ignore_errors=True)
    profile.mkdir(parents=True, exist_ok=True)
    mark.write_text(boot_id, encoding="ascii")
    for name in LOCKS:
        (profile / name).unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the guard says.  `is_settled`: the profile will not lie elsewhere later."""

    released: bool
    restarts: int
    allowed: tuple[str, ...]
    is_settled: bool
    profile: Path


def ask_guard(settings: KioskSettings) -> Told | None:
    """Ask the guard how things stand; None while it does not answer."""
    try:
        with urllib.request.urlopen(  # noqa: S310 - an http address on loopback, from the settings
            f"{settings.local_origin}/state", timeout=ANSWER_SECONDS
        ) as answer:
            state = json.loads(answer.read(ANSWER_BYTES_MAX))
        return Told(
            released=bool(state["released"]),
            restarts=int(state["restarts"]),
            allowed=tuple(state["allowed"]),
            is_settled=bool(state["is_settled"]),
            profile=Path(state["profile_dir"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Supervisor:
    """Keeps one browser running until it may end."""

    def __init__(self, settings: KioskSettings, stopping: threading.Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self._browser: subprocess.Popen[bytes] | None = None
        self._page: OnePage | None = None
        self._allowed: frozenset[str] = frozenset()
        self._profile = settings.profile_dir
        self._polls = 0
        self._rest_seconds = 1
        self._reader: ScreenReader | None = None
        self._environment: Mapping[str, str] = os.environ
        if settings.screen_reader:
            folder = settings.profile_dir.with_name("screen-reader")
            self._environment = environment_of_x(os.environ)
            self._reader = ScreenReader(folder, settings.language, self._environment)

    def run(self) -> bool:
        """Run until the invigilator lets this computer go, or it is stopped.

        Returns whether it was let go.
        """
        told = self._wait_for_guard()
        restarts = told.restarts if told else 0
        while told is not None and not told.released and not self._stopping.is_set():
            if told.restarts > restarts or told.profile != self._profile:
                self._end()
            # A guard that was started anew counts from nothing.
            restarts = told.restarts
            self._allowed = frozenset({self._settings.local_origin, *told.allowed})
            self._profile = told.profile
            if self._reader is not None:
                self._reader.keep_up()
            self._keep_up()
            self._stopping.wait(POLL_SECONDS)
            told = ask_guard(self._settings) or told
        self._end()
        if self._reader is not None:
            self._reader.end()
        return told is not None and told.released

    def _wait_for_guard(self) -> Told | None:
        polls = 0
        while not self._stopping.is_set():
            told = ask_guard(self._settings)
            if told is None:
                _log.warning("the guard does not answer yet; no browser is started")
            elif told.is_settled or polls >= SETTLE_POLLS_MAX:
                return told
            else:
                polls += 1
            self._stopping.wait(POLL_SECONDS)
        return None

    def _keep_up(self) -> None:
        self._polls += 1
        if self._browser is not None and self._browser.poll() is None:
            if self._page is None or not self._page.is_stuck(POLL_SECONDS):
                return
            _log.warning("the browser does not get to its page")
            self._end()
        elif self._browser is not None:
            _log.warning("the browser ended with status %s", self._browser.returncode)
            self._end()
            well = self._polls > WELL_AFTER_POLLS
            self._rest_seconds = 1 if well else min(REST_SECONDS_MAX, self._rest_seconds * 2)
            self._stopping.wait(self._rest_seconds)
        if not self._stopping.is_set():
            self._start()

    def _start(self) -> None:
        self._polls = 0
        boot_id = readings.boot_id(Path("/"))
        prepare_profile(self._profile, boot_id, is_kept=self._settings.profile_kept)
        channel, theirs = socket.socketpair()
        with theirs:
            self._browser = subprocess.Popen(
                through_pipe(browser_command(self._settings, self._profile, self._environment)),
                stdin=theirs.fileno(),
                env=self._environment,
                # A group of its own, so that its helpers end with it.
                start_new_session=True,
            )
        home = f"{self._settings.local_origin}/"
        self._page = OnePage(channel, home, lambda origin: origin in self._allowed)
        threading.Thread(target=self._page.keep, name="page", daemon=True).start()

    def _end(self) -> None:
        """End the browser and everything it started."""
        browser, self._browser = self._browser, None
        if browser is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGTERM)
        try:
            browser.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            _log.warning("the browser does not end by itself")
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
