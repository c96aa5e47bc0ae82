"""The file `.seb`: gzip around a word of four letters, and settings, plain or under a password.

    gzip( "plnd" + gzip(settings) )
    gzip( "pswd" + RNCryptor(gzip(settings), password) )

The box writes such files and never reads one.  RNCryptor here is its version 2, whatever the
vendor's page says: `02 01`, two salts, IV, AES-256-CBC, HMAC-SHA256 over all of it.  PBKDF2 with
HMAC-SHA1 and 10,000 rounds is what clients expect, so a password has to be long by itself.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_VERSION = b"\x02\x01"
_SALT, _IV, _KEY, _BLOCK = 8, 16, 32, 16
_ROUNDS = 10_000


def write_seb_file(settings: bytes, *, password: str | None = None) -> bytes:
    """Return the file for settings (a property list), encrypted if there is a password."""
    packed = gzip.compress(settings, mtime=0)
    if password is None:
        return gzip.compress(b"plnd" + packed, mtime=0)
    return gzip.compress(b"pswd" + _encrypt(packed, password), mtime=0)


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
