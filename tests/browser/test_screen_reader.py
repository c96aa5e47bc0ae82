"""A kiosk that reads aloud: Chromium, Orca and its voice, whose words go to a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from tests.browser.test_kiosk import Workstation
from tests.integration.test_kiosk import put_tls_in_front
from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam

pytestmark = pytest.mark.browser

SOON_SECONDS = 60
VOICE = """
LogLevel 1
AudioOutputMethod "alsa"
AddModule "words" "sd_generic" "words.conf"
DefaultModule words
DefaultLanguage en
"""
WORDS = """
GenericExecuteSynth "printf '%s\\n' '$DATA' >> {file}"
GenericMaxChunkLength 1000
GenericDelimiters "."
GenericLanguage "en" "en" "utf-8"
AddVoice "en" "MALE1" "one"
"""
NO_SOUND_CARD = "pcm.!default { type null }"


class Listener:
    """Somebody who hears what the computer says, and has its keyboard."""

    def __init__(
        self, folder: Path, *, runtime: Path, display: int, workstation: Workstation
    ) -> None:
        """`runtime` is a short path, for sockets: their names have 107 characters at most."""
        self._words = folder / "words"
        voice = folder / "config" / "speech-dispatcher"
        (voice / "modules").mkdir(parents=True)
        (voice / "speechd.conf").write_text(VOICE)
        (voice / "modules" / "words.conf").write_text(WORDS.format(file=self._words))
        (folder / "alsa.conf").write_text(NO_SOUND_CARD)
        self._environment = {
            **os.environ,
            "DISPLAY": f":{display}",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(runtime),
            "HOME": str(folder),
            "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
        }
        run = [
            "dbus-run-session",
            "--",
            sys.executable,
            "-m",
            "kiosk_client",
            "run",
            "--config",
            str(workstation.config),
        ]
        with (folder / "run.log").open("wb") as log:
            self.session = subprocess.Popen(
                run,
                env=self._environment,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        self._log = folder / "run.log"

    def press(self, *keys: str) -> None:
        """Press keys in the browser's window, one after the other."""
        (*_, window) = self.windows()
        for keys_together in keys:
            self._do("windowfocus", "--sync", window, "key", keys_together)

    def windows(self) -> list[str]:
        """Return the windows that somebody could see."""
        deadline = time.monotonic() + SOON_SECONDS
        # The search fails, too, when a window goes while it looks.
        while not (found := self._do("search", "--onlyvisible", "--name", ".").split()):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.2)
        return found

    def _do(self, *words: str) -> str:
        command = ["xdotool", *words]
        done = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return done.stdout

    def hears(self, words: str) -> None:
        """Wait until it is said."""
        deadline = time.monotonic() + SOON_SECONDS
        while words not in (said := self._words.read_text() if self._words.exists() else ""):
            assert time.monotonic() < deadline, f"{words} not in:\n{said}\n{self._log.read_text()}"
            time.sleep(1)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """One at the sign-in page of an open room."""
    authority = trustme.CA()
    box = BoxProcess(tmp_path / "box", small_exam(), candidates=1)
    numbers, theirs = os.pipe()
    xvfb = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(xvfb, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with (
        closing(put_tls_in_front(box, authority)) as front,
        os.fdopen(numbers) as told,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as runtime,
    ):
        box.start()
        box.open_and_release()
        workstation = Workstation(tmp_path, [front], authority)
        text = workstation.config.read_text().replace("'--headless', ", "")
        workstation.config.write_text(f"{text}screen_reader = true\n")
        workstation.start("guard")
        made = Listener(
            tmp_path,
            runtime=Path(runtime),
            display=int(told.readline()),
            workstation=workstation,
        )
        yield made
        os.killpg(made.session.pid, signal.SIGTERM)
        made.session.wait(20)
        workstation.stop()
        box.kill()
        screen.terminate()
        screen.wait(20)


def test_candidate_who_sees_nothing_finds_the_field_for_the_code(listener: Listener) -> None:
    """The page says what it is and the field what belongs there; no key opens Orca's settings."""
    listener.hears("Your code")
    windows = listener.windows()
    listener.press("Insert+space", "Insert+ctrl+space")
    listener.press("Insert+h")
    listener.hears("learn mode")
    assert windows == listener.windows()
