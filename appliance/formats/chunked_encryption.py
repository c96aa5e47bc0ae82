"""Encrypting a file in chunks, so that no part of it is believed before it was authenticated.

    prefix           7 random bytes
    chunks           64 KiB of plaintext each, the last one 0 to 64 KiB; 16 bytes of tag after each
    nonce of chunk   prefix, counter (4 bytes, big endian), 1 for the last chunk, else 0

This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): chunks cannot be left
out, repeated, put in another order or cut off at the end.  The key is used for one file only.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from appliance.domain.errors import CorruptionError

CHUNK_BYTES = 64 * 1024
PREFIX_BYTES = 7
TAG_BYTES = 16


class CiphertextDamagedError(CorruptionError):
    """A chunk does not authenticate."""

    key = "ciphertext_damaged"
    staff_message = "An encrypted file was damaged or changed. It was not used. Fetch it again."


def encrypt_chunks(key: bytes, plaintext: bytes) -> bytes:
    """Encrypt a whole file under a 32-byte key of its own."""
    prefix = secrets.token_bytes(PREFIX_BYTES)
    cipher = ChaCha20Poly1305(key)
    pieces = [prefix]
    for number, last, start in _chunks(len(plaintext), CHUNK_BYTES):
        chunk = plaintext[start : start + CHUNK_BYTES]
        pieces.append(cipher.encrypt(_nonce(prefix, number, last=last), chunk, None))
    return b"".join(pieces)


def decrypt_chunks(key: bytes, ciphertext: bytes) -> bytes:
    """Decrypt what `encrypt_chunks` made; raises CiphertextDamagedError."""
    prefix, body = ciphertext[:PREFIX_BYTES], memoryview(ciphertext)[PREFIX_BYTES:]
    cipher = ChaCha20Poly1305(key)
    step = CHUNK_BYTES + TAG_BYTES
    pieces = []
    try:
        for number, last, start in _chunks(len(body), step):
            chunk = body[start : start + step]
            pieces.append(cipher.decrypt(_nonce(prefix, number, last=last), chunk, None))
    except (InvalidTag, ValueError) as damage:
        raise CiphertextDamagedError from damage
    return b"".join(pieces)


def _chunks(total_bytes: int, step: int) -> Iterator[tuple[int, bool, int]]:
    """Yield (number, is the last one, start) of each chunk; an empty file has one empty chunk."""
    count = max(1, -(-total_bytes // step))
    for number in range(count):
        yield number, number == count - 1, number * step


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, int(last))
