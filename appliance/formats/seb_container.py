"""The file `.seb`: gzip around a word of four letters, and settings, plain or under a password.

    gzip( "plnd" + gzip(settings) )
    gzip( "pswd" + RNCryptor(gzip(settings), password) )
    gzip( "pwcc" + RNCryptor(gzip(settings), hexadecimal SHA-256 of the password) )

The last is how clients are configured for good.  RNCryptor here is its version 2, whatever the
vendor's page says: `02 01`, two salts, IV, AES-256-CBC, HMAC-SHA256 over all of it.  PBKDF2 with
HMAC-SHA1 and 10,000 rounds is what clients expect, so a password has to be long by itself.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import os
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from appliance.domain.errors import InvalidInputError
from appliance.formats.seb_settings import SETTINGS_MAX_BYTES

FILE_MAX_BYTES = 2 * 2**20
_VERSION = b"\x02\x01"
_SALT, _IV, _MAC, _KEY, _BLOCK = 8, 16, 32, 32, 16
_ROUNDS = 10_000


class SebFileUnfitError(InvalidInputError):
    """Not a file of Safe Exam Browser, or of a kind that needs a certificate."""

    key = "seb_file_unfit"
    staff_message = "This file is not one of Safe Exam Browser, or it is damaged."


class SebPasswordWrongError(InvalidInputError):
    """The password does not open this file, or somebody changed the file."""

    key = "seb_password_wrong"
    staff_message = "The password does not open this file. Type it again."


def write_seb_file(settings: bytes, *, password: str | None = None) -> bytes:
    """Return the file for settings (a property list), encrypted if there is a password."""
    packed = gzip.compress(settings, mtime=0)
    if password is None:
        return gzip.compress(b"plnd" + packed, mtime=0)
    return gzip.compress(b"pswd" + _encrypt(packed, password), mtime=0)


def read_seb_file(data: bytes, *, password: str = "") -> bytes:
    """Return the settings in a file; raises SebFileUnfitError or SebPasswordWrongError."""
    if len(data) > FILE_MAX_BYTES:
        raise SebFileUnfitError
    if data.startswith(b"<?xml"):
        return data
    inner = _unpack(data)
    kind, rest = inner[:4], inner[4:]
    if kind == b"pswd":
        rest = _decrypt(rest, password)
    elif kind == b"pwcc":
        rest = _decrypt(rest, hashlib.sha256(password.encode()).hexdigest())
    elif kind != b"plnd":
        raise SebFileUnfitError
    return rest if rest.startswith(b"<?xml") else _unpack(rest)


def _unpack(data: bytes) -> bytes:
    """Return what a gzip holds, and stop where it is more than settings are."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(data, SETTINGS_MAX_BYTES + 1)
    except zlib.error as problem:
        raise SebFileUnfitError from problem
    if len(found) > SETTINGS_MAX_BYTES or not unpacking.eof:
        raise SebFileUnfitError
    return found


def _keys(password: str, head: bytes) -> tuple[bytes, bytes]:
    salts = head[2 : 2 + _SALT], head[2 + _SALT : 2 + 2 * _SALT]
    first, second = (
        hashlib.pbkdf2_hmac("sha1", password.encode(), salt, _ROUNDS, _KEY) for salt in salts
    )
    return first, second


def _encrypt(plain: bytes, password: str) -> bytes:
    head = _VERSION + os.urandom(2 * _SALT + _IV)
    key, mac_key = _keys(password, head)
    padder = PKCS7(8 * _BLOCK).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(head[-_IV:])).encryptor()
    padded = padder.update(plain) + padder.finalize()
    body = head + encryptor.update(padded) + encryptor.finalize()
    return body + hmac.digest(mac_key, body, "sha256")


def _decrypt(data: bytes, password: str) -> bytes:
    head_bytes = 2 + 2 * _SALT + _IV
    body, mac = data[:-_MAC], data[-_MAC:]
    sealed = body[head_bytes:]
    if not data.startswith(_VERSION) or not sealed or len(sealed) % _BLOCK:
        raise SebFileUnfitError
    key, mac_key = _keys(password, body)
    if not hmac.compare_digest(mac, hmac.digest(mac_key, body, "sha256")):
        raise SebPasswordWrongError
    decryptor = Cipher(
        algorithms.AES(key), modes.CBC(body[head_bytes - _IV : head_bytes])
    ).decryptor()
    unpadder = PKCS7(8 * _BLOCK).unpadder()
    try:
        padded = decryptor.update(sealed) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as problem:
        raise SebFileUnfitError from problem
