"""Reads the screen aloud to somebody who does not see it: Orca, beside the browser.

Orca learns of keys through X, because no Wayland compositor for one program tells it of them.  So
the browser is a program of X then, inside the same compositor, which is as locked as ever.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

END_SECONDS = 5
VOICES = ("default", "uppercase", "hyperlink", "system")

_log = logging.getLogger(__name__)


def environment_of_x(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which a program comes through X and says what it shows."""
    through_x = {"GDK_BACKEND": "x11", "XDG_SESSION_TYPE": "x11", "ACCESSIBILITY_ENABLED": "1"}
    kept = {name: value for name, value in environment.items() if name != "WAYLAND_DISPLAY"}
    return kept | through_x


def orca_settings(language: str) -> str:
    """Return Orca's settings file: a voice of this language, and no dialog with settings.

    The dialog is another window over the exam, and keeps what is changed, so no key opens it.
    """
    unbound: dict[str, list[str]] = {
        "preferencesSettingsHandler": [],
        "appPreferencesSettingsHandler": [],
    }
    profile = {
        "profile": ["Default", "default"],
        "keybindings": unbound,
        "pronunciations": {},
        "voices": {one: {"established": True, "family": {"lang": language}} for one in VOICES},
    }
    nothing: dict[str, dict[str, str]] = {"general": {}, "keybindings": {}, "pronunciations": {}}
    return json.dumps({"profiles": {"default": profile}, **nothing})


class ScreenReader:
    """Keeps Orca running as long as the browser is."""

    def __init__(self, folder: Path, language: str, environment: Mapping[str, str]) -> None:
        """`folder` is Orca's own; `environment` is that of X."""
        self._folder = folder
        self._language = language
        self._environment = {
            **environment,
            "XDG_DATA_HOME": str(folder),
            "LANGUAGE": language,
        }
        self._program = shutil.which("orca")
        if self._program is None:
            # The exam goes on without it, and somebody can help.
            _log.warning("there is no screen reader: Orca is not installed")
        self._orca: subprocess.Popen[bytes] | None = None

    def keep_up(self) -> None:
        """Start Orca, or start it again where it has ended."""
        if self._program is None:
            return
        if self._orca is not None:
            if self._orca.poll() is None:
                return
            _log.warning("the screen reader ended with status %s", self._orca.returncode)
        settings = self._folder / "orca" / "user-settings.conf"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(orca_settings(self._language), encoding="utf-8")
        self._orca = subprocess.Popen(
            [self._program], env=self._environment, start_new_session=True
        )

    def end(self) -> None:
        """End it; its voice ends by itself when nobody speaks through it."""
        orca, self._orca = self._orca, None
        if orca is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(orca.pid, how)
            with suppress(subprocess.TimeoutExpired):
                orca.wait(END_SECONDS)
