"""The settings of a workstation, and addresses that people type."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.formats.kiosk_settings import KioskSettingsUnfitError, load_kiosk_settings
from kiosk_client.trust import AddressUnreadableError, read_address


def _file(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text)
    return path


def test_one_line_is_enough(tmp_path: Path) -> None:
    """All a technician must give is whom to trust."""
    settings = load_kiosk_settings(_file(tmp_path, 'authority = "/etc/root.pem"'))
    assert ("http://127.0.0.1:8402", True, ("chromium",)) == (
        settings.local_origin,
        settings.profile_kept,
        settings.browser,
    )


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("", "authority"),
        ('authority = "/a"\nadress = "https://box"', "adress"),
        ('authority = "/a"\naddress = "http://box"', "address"),
        ('authority = "/a"\nlocal_port = 80', "local_port"),
        ('authority = "/a"\nlanguage = "fi"', "language"),
        ("authority = ", "Invalid value"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, named: str) -> None:
    """A misspelt setting would otherwise be a silent default."""
    with pytest.raises(KioskSettingsUnfitError, match=named):
        load_kiosk_settings(_file(tmp_path, line))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("box.example", "https://box.example"),
        (" https://BOX.example:8443/?from=slip\r\n", "https://box.example:8443"),
        ("192.168.1.10", "https://192.168.1.10"),
        ("[fe80::1]:8443", "https://[fe80::1]:8443"),
    ],
)
def test_address_is_read_as_people_type_and_scanners_write_it(typed: str, expected: str) -> None:
    """Only the origin counts."""
    assert expected == read_address(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://box.example",
        "https://",
        "javascript:alert(1)",
        "https://me:secret@box.example",
        "https://box.example:99999",
        "https://box example",
        "https://b*x.example",
        "https://" + "x" * 300,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    """It would go into the browser's rules."""
    with pytest.raises(AddressUnreadableError):
        read_address(typed)
