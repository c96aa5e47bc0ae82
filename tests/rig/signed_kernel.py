"""A file that firmware could start, as far as its headers go, and somebody who signs it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7SignatureBuilder

from usb_image.secure_boot_key import CERTIFICATE, KEY, find_or_make_key

HEADER_AT = 64
OPTIONAL_BYTES = 112 + 16 * 8


@dataclass(frozen=True, slots=True)
class ImageSigner:
    """A key as `make image` makes it."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Make one that nobody knows."""
        find_or_make_key(folder)
        key = load_pem_private_key((folder / KEY).read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        return cls(key, x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes()))

    @property
    def der(self) -> bytes:
        """Return the certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, data: bytes) -> bytes:
        """Return a PKCS #7 signature with the certificate in it."""
        builder = PKCS7SignatureBuilder().set_data(data)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        return builder.sign(Encoding.DER, [])


def pe_file(content: bytes, signer: ImageSigner | None) -> bytes:
    """Return the file; its certificate table stands at its end."""
    signature = b"" if signer is None else signer.sign(content)
    # As systemd-sbsign does it: the zeros at the end are counted in.
    signature += b"\0" * (-len(signature) % 8)
    table = struct.pack("<IHH", 8 + len(signature), 0x200, 2) + signature if signature else b""
    start = HEADER_AT + 24 + OPTIONAL_BYTES + len(content)
    place = start + -start % 8
    directories = bytearray(16 * 8)
    if table:
        struct.pack_into("<II", directories, 4 * 8, place, len(table))
    optional = struct.pack("<H", 0x20B).ljust(112, b"\0") + bytes(directories)
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", HEADER_AT)
    headers = dos + b"PE\0\0".ljust(24, b"\0") + optional
    return (headers + content).ljust(place, b"\0") + table
