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


def _set_up(folder: Path, client: bytes | None) -> KioskSettings:
    text = PROGRAM.read_text(encoding="utf-8")
    settings, script = folder / "settings", folder / "client-setup"
    settings.mkdir()
    if client is not None:
        (settings / "client.toml").write_bytes(client)
    text = text.replace("=/run/examroom-settings\n", f"={settings}\n")
    script.write_text(text.replace("=/run/examroom-client\n", f"={folder / 'made'}\n"))
    subprocess.run(["/bin/sh", str(script)], check=True, timeout=30)
    made = folder / "made" / "kiosk.toml"
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
    tmp_path: Path, client: bytes | None, authority: Path, reads_aloud: bool
) -> None:
    """A file with one line would otherwise leave the screen black."""
    settings = _set_up(tmp_path, client)
    assert (authority, reads_aloud) == (settings.authority, settings.screen_reader)
