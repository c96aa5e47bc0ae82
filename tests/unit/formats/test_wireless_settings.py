"""`wireless.toml`: the network's name and key, and messages without the key."""

from __future__ import annotations

import pytest

from appliance.formats.wireless_settings import (
    WIRELESS_FILE_MAX_BYTES,
    WirelessUnfitError,
    read_wireless_settings,
)

KEY = "correct horse battery"


def test_name_and_key_are_enough() -> None:
    """Written by Windows' editor, too."""
    read = read_wireless_settings(f'\ufeffname = "exam"\r\nkey = "{KEY}"\r\n'.encode())
    assert ("exam", KEY) == (read.name, read.key)
    assert KEY not in repr(read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name: Field required"),
        ('name = "exam"', "key: Field required"),
        (f'name = ""\nkey = "{KEY}"', "name: String should have at least 1 character"),
        (f'name = "{"å" * 17}"\nkey = "{KEY}"', "longer than 32 bytes"),
        (f'name = "a\\nb"\nkey = "{KEY}"', "cannot be shown"),
        ('name = "exam"\nkey = "secret7"', "key: 8 to 63 letters"),
        (f'name = "exam"\nkey = "{"s" * 64}"', "key: 8 to 63 letters"),
        ('name = "exam"\nkey = "sécrets1"', "key: 8 to 63 letters"),
        (f'name = "exam"\nkey = "{KEY}"\ncountry = "SE"', "country: Extra inputs"),
        (f'name = "exam"\nkey = {KEY}', "Invalid value"),
        ("#" * WIRELESS_FILE_MAX_BYTES + "\n", "larger than"),
    ],
)
def test_what_is_wrong_is_named_and_the_key_is_not(text: str, said: str) -> None:
    """A technician mends it; whoever reads a log learns nothing."""
    with pytest.raises(WirelessUnfitError, match=said) as raised:
        read_wireless_settings(text.encode())
    for secret in ("secret", "sécret", "horse", "sss"):
        assert secret not in str(raised.value)


def test_other_letters_are_no_crash() -> None:
    """A file in an old encoding says so."""
    with pytest.raises(WirelessUnfitError, match="UTF-8"):
        read_wireless_settings('name = "å"'.encode("latin-1"))
