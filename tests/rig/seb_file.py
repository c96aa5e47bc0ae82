"""Reading a file of Safe Exam Browser, as SEB does: the box only writes them."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import plistlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_HEAD_BYTES, _MAC_BYTES = 34, 32
"""Version, two salts and IV; HMAC-SHA256."""


class WrongPasswordError(Exception):
    """The password does not open the file, or the file was changed."""


def read_seb_file(data: bytes, *, password: str = "") -> dict[str, object]:
    """Return the settings in a file."""
    inner = data if data.startswith(b"<?xml") else gzip.decompress(data)
    if inner.startswith(b"pswd"):
        inner = gzip.decompress(_decrypt(inner[4:], password))
    elif inner.startswith(b"plnd"):
        inner = inner[4:] if inner[4:].startswith(b"<?xml") else gzip.decompress(inner[4:])
    settings: dict[str, object] = plistlib.loads(inner, fmt=plistlib.FMT_XML)
    return settings


def _decrypt(data: bytes, password: str) -> bytes:
    head, sealed, mac = data[:_HEAD_BYTES], data[_HEAD_BYTES:-_MAC_BYTES], data[-_MAC_BYTES:]
    assert head.startswith(b"\x02\x01")
    key, mac_key = (
        hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 10_000, 32)
        for salt in (head[2:10], head[10:18])
    )
    if not hmac.compare_digest(mac, hmac.digest(mac_key, head + sealed, "sha256")):
        raise WrongPasswordError
    decryptor = Cipher(algorithms.AES(key), modes.CBC(head[18:])).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(sealed) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()
