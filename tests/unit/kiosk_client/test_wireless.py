"""The file by which iwd knows the room's network: iwd.network(5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.formats.wireless_settings import WirelessSettings
from kiosk_client.cli import main
from kiosk_client.wireless import file_name, file_text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exam-room_1 A", "exam-room_1 A.psk"),
        ("Prov Å", "=50726f7620c385.psk"),
        ("exam.room", "=6578616d2e726f6f6d.psk"),
        ("../x", "=2e2e2f78.psk"),
    ],
)
def test_name_of_the_file_is_that_of_the_network(name: str, expected: str) -> None:
    """What iwd would not find by its own name it finds in hexadecimal digits."""
    assert expected == file_name(WirelessSettings(name=name, key="12345678"))


def test_signs_that_mean_something_to_iwd_are_escaped() -> None:
    """A space at the beginning would be dropped, a backslash taken for another sign."""
    settings = WirelessSettings(name="exam", key=r" a\b [c]#=")
    assert "[Security]\nPassphrase=\\sa\\\\b\\s[c]#=\n" == file_text(settings)


def test_command_writes_for_root_alone(tmp_path: Path) -> None:
    """And says nothing of the key when it cannot."""
    given = tmp_path / "wireless.toml"
    given.write_text('name = "exam"\nkey = "quite secret"\n')
    assert 0 == CliRunner().invoke(main, ["wireless", str(given), str(tmp_path)]).exit_code
    made = tmp_path / "exam.psk"
    assert "Passphrase=quite\\ssecret\n" in made.read_text()
    assert 0o600 == made.stat().st_mode & 0o777
    given.write_text('name = "exam"\nkey = "secret"\n')
    result = CliRunner().invoke(main, ["wireless", str(given), str(tmp_path)])
    assert (1, True) == (result.exit_code, "key: 8 to 63" in result.output)
    assert "secret" not in result.output
