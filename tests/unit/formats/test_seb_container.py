"""The container of `.seb`: what we write we read, and what others write within limits."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from appliance.formats.seb_container import (
    FILE_MAX_BYTES,
    SebFileUnfitError,
    SebPasswordWrongError,
    read_seb_file,
    write_seb_file,
)
from appliance.formats.seb_settings import SETTINGS_MAX_BYTES

PLAIN = b"<?xml version='1.0'?><plist><dict/></plist>"


def inner(file: bytes) -> bytes:
    return gzip.decompress(file)


def test_plain_file_is_read_as_it_was_written() -> None:
    """The word, and settings packed once more."""
    file = write_seb_file(PLAIN)
    assert b"plnd\x1f\x8b" == inner(file)[:6]
    assert PLAIN == read_seb_file(file)
    assert PLAIN == read_seb_file(PLAIN)
    assert PLAIN == read_seb_file(gzip.compress(b"plnd" + PLAIN))


def test_encrypted_file_opens_with_its_password_only() -> None:
    """Version 2 of RNCryptor, other salts each time, and any change shows."""
    file = write_seb_file(PLAIN, password="slip å")
    assert b"pswd\x02\x01" == inner(file)[:6]
    assert PLAIN == read_seb_file(file, password="slip å")
    assert inner(file) != inner(write_seb_file(PLAIN, password="slip å"))
    for password in ("", "slip"):
        with pytest.raises(SebPasswordWrongError):
            read_seb_file(file, password=password)
    for at in (8, 20, 30, 60, len(inner(file)) - 1):
        spoilt = bytearray(inner(file))
        spoilt[at] ^= 1
        with pytest.raises(SebPasswordWrongError):
            read_seb_file(gzip.compress(bytes(spoilt)), password="slip å")


def test_client_configuring_file_opens_with_the_hash_of_the_password() -> None:
    """`pwcc` takes SHA-256 in hexadecimal for a password; an empty password is one, too."""
    hashed = hashlib.sha256(b"slip").hexdigest()
    body = inner(write_seb_file(PLAIN, password=hashed))[4:]
    assert PLAIN == read_seb_file(gzip.compress(b"pwcc" + body), password="slip")
    empty = inner(write_seb_file(PLAIN, password=hashlib.sha256(b"").hexdigest()))[4:]
    assert PLAIN == read_seb_file(gzip.compress(b"pwcc" + empty))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no file",
        gzip.compress(b""),
        gzip.compress(b"pkhs" + bytes(300)),
        gzip.compress(b"plndnot packed"),
        gzip.compress(b"plnd") + b"more",
        gzip.compress(b"plnd" + PLAIN)[:-4],
        gzip.compress(b"pswd\x03\x01" + bytes(96)),
        gzip.compress(b"pswd\x02\x01" + bytes(63)),
        gzip.compress(b"pswd\x02\x01" + bytes(64)),
        bytes(FILE_MAX_BYTES + 1),
        gzip.compress(bytes(SETTINGS_MAX_BYTES + 1)),
        gzip.compress(b"plnd" + gzip.compress(bytes(SETTINGS_MAX_BYTES + 1))),
    ],
)
def test_foreign_bytes_are_refused(data: bytes) -> None:
    """Cut, of another kind, or small and endless when unpacked."""
    with pytest.raises(SebFileUnfitError):
        read_seb_file(data)
