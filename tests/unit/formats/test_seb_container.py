"""The container of `.seb`: what the box writes, opened as Safe Exam Browser does."""

from __future__ import annotations

import gzip

import pytest

from appliance.formats.seb_container import write_seb_file
from appliance.formats.seb_settings import write_settings
from tests.rig.seb_file import WrongPasswordError, read_seb_file

SETTINGS = {"startURL": "https://box.example/"}
WRITTEN = write_settings(SETTINGS)


def inner(file: bytes) -> bytes:
    return gzip.decompress(file)


def test_plain_file_is_settings_packed_twice() -> None:
    """The word, and settings packed once more."""
    file = write_seb_file(WRITTEN)
    assert b"plnd\x1f\x8b" == inner(file)[:6]
    assert SETTINGS == read_seb_file(file)


def test_encrypted_file_opens_with_its_password_only() -> None:
    """Version 2 of RNCryptor, other salts each time, and any change shows."""
    file = write_seb_file(WRITTEN, password="slip å")
    assert b"pswd\x02\x01" == inner(file)[:6]
    assert SETTINGS == read_seb_file(file, password="slip å")
    assert inner(file) != inner(write_seb_file(WRITTEN, password="slip å"))
    for password in ("", "slip"):
        with pytest.raises(WrongPasswordError):
            read_seb_file(file, password=password)
    for at in (8, 20, 30, 60, len(inner(file)) - 1):
        spoilt = bytearray(inner(file))
        spoilt[at] ^= 1
        with pytest.raises(WrongPasswordError):
            read_seb_file(gzip.compress(bytes(spoilt)), password="slip å")
