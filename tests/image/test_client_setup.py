"""What the client's image makes of the files that a technician has put on its stick."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.formats.kiosk_settings import KioskSettings, load_kiosk_settings
from provisioning.sticks.settings_files import CLIENT_DEFAULTS

IMAGE = Path(__file__).parents[2] / "usb_image/mkosi.profiles/client/mkosi.extra"
PROGRAM = IMAGE / "usr/lib/examroom-image/client-setup"
BESIDE = Path(CLIENT_DEFAULTS["authority"])


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Return where the stick's files lie; nothing is there."""
    folder = tmp_path / "settings"
    folder.mkdir()
    return folder


def _set_up(settings: Path) -> Path:
    """Run the program; return where it has written."""
    folder = settings.parent
    layouts, script = folder / "layouts", folder / "client-setup"
    layouts.mkdir()
    for name in ("us", "se", "de"):
        (layouts / name).touch()
    text = PROGRAM.read_text(encoding="utf-8")
    for was, now in (
        ("/run/examroom-settings", settings),
        ("/run/examroom-client", folder / "made"),
        ("/usr/share/X11/xkb/symbols", layouts),
    ):
        assert f"={was}\n" in text
        text = text.replace(f"={was}\n", f"={now}\n")
    script.write_text(text)
    subprocess.run(["/bin/sh", str(script)], check=True, timeout=30)
    return folder / "made"


def _kiosk_settings(settings: Path) -> KioskSettings:
    made = _set_up(settings) / "kiosk.toml"
    made.write_text(made.read_text().replace(str(settings), str(BESIDE.parent)))
    return load_kiosk_settings(made)


@pytest.mark.parametrize(
    ("client", "authority", "reads_aloud"),
    [
        (None, BESIDE, False),
        (b"", BESIDE, False),
        (b"screen_reader = true", BESIDE, True),
        (b"\xef\xbb\xbfscreen_reader = true\r\n", BESIDE, True),
        (b"# authority = is beside\nscreen_reader = true\n", BESIDE, True),
        (b'screen_reader = true\nauthority = "/a.pem"\n', Path("/a.pem"), True),
        (b"\xef\xbb\xbf'authority'='/a.pem'\r\n", Path("/a.pem"), False),
    ],
)
def test_authority_beside_the_file_is_trusted_unless_it_says_otherwise(
    settings: Path, client: bytes | None, authority: Path, reads_aloud: bool
) -> None:
    """A file with one line would otherwise leave the screen black."""
    if client is not None:
        (settings / "client.toml").write_bytes(client)
    read = _kiosk_settings(settings)
    assert (authority, reads_aloud) == (read.authority, read.screen_reader)


@pytest.mark.parametrize(
    ("keyboard", "layout"),
    [
        (None, "us"),
        ("", "us"),
        ("se", "se"),
        ("\ufeffse\r\n", "se"),
        ("se,us\n", "se,us"),
        ("svenska", "us"),
        ("svenska,de", "de"),
        ("../../../etc", "us"),
        (",,,", "us"),
    ],
)
def test_keyboard_has_a_layout_that_there_is(
    settings: Path, keyboard: str | None, layout: str
) -> None:
    """With another name no key would do anything."""
    if keyboard is not None:
        (settings / "keyboard.txt").write_text(keyboard, encoding="utf-8")
    assert f"XKB_DEFAULT_LAYOUT={layout}\n" == (_set_up(settings) / "environment").read_text()
