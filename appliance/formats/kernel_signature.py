"""Who signed a file that firmware starts (Authenticode in a PE file).

The certificates are read, and the signature is not verified: firmware does that.  It is asked only
whether a later version is signed by whoever signed the one that runs.
https://learn.microsoft.com/windows/win32/debug/pe-format, "The Attribute Certificate Table".
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

SIGNATURE_MAX_BYTES = 64 * 2**10

_HEADER_PLACE = 0x3C
_OPTIONAL_HEADER = 24
_PE32_PLUS = 0x20B
_DIRECTORIES = 112
_CERTIFICATES = 4
_PKCS7 = 2
_ENTRY = struct.Struct("<IHH")


def signers_of(kernel: bytes) -> frozenset[bytes]:
    """Return the certificates (DER) beside the first signature; empty where nobody signed it."""
    try:
        place, size = _certificate_table(kernel)
        if size == 0 or place == 0:
            return frozenset()
        length, _, kind = _ENTRY.unpack_from(kernel, place)
        if kind != _PKCS7 or not _ENTRY.size < length <= min(size, SIGNATURE_MAX_BYTES):
            return frozenset()
        found = load_der_pkcs7_certificates(_whole(kernel[place + _ENTRY.size : place + length]))
    except (struct.error, ValueError, IndexError):
        return frozenset()
    return frozenset(one.public_bytes(Encoding.DER) for one in found)


def _whole(der: bytes) -> bytes:
    """Return the first DER value: programs that sign count the zeros behind it into its length."""
    count = der[1] & 0x7F if der[1] & 0x80 else 0
    length = int.from_bytes(der[2 : 2 + count]) if count else der[1]
    return der[: 2 + count + length]


def _certificate_table(kernel: bytes) -> tuple[int, int]:
    """Return where the table begins in the file, and its bytes; zeros where there is none."""
    (header,) = struct.unpack_from("<I", kernel, _HEADER_PLACE)
    (magic,) = struct.unpack_from("<H", kernel, header + _OPTIONAL_HEADER)
    if kernel[header : header + 4] != b"PE\0\0" or magic != _PE32_PLUS:
        return 0, 0
    at = header + _OPTIONAL_HEADER + _DIRECTORIES + _CERTIFICATES * 8
    place, size = struct.unpack_from("<II", kernel, at)
    return place, size
