"""The key that an institution signs its images with, for machines that start nothing else.

Firmware with Secure Boot on starts what this key signed, and a security chip notices when Secure
Boot is off or trusts another key.  Updates of a box have to be signed with the same key.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY, CERTIFICATE = "secure-boot.key", "secure-boot.pem"
RSA_BITS = 2048
"""What every firmware must take (UEFI specification 2.10, section 32.3.5)."""
VALID_DAYS = 20 * 365
"""Firmware looks at no clock here; programs that sign may."""


def find_or_make_key(folder: Path) -> Path:
    """Return the folder with key and certificate; both are made where the folder is empty."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = [(folder / name).exists() for name in (KEY, CERTIFICATE)]
    if not any(present):
        _make(folder)
    elif not all(present):
        raise SystemExit(f"{folder} has only one of {KEY} and {CERTIFICATE}: both are needed.")
    return folder.resolve()


def _make(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Exam room boxes: Secure Boot")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        f.write(text)
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
