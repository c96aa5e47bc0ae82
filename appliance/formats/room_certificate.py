"""Certificates for the room's TLS: X.509 as PEM, chain and private key in one file.

`room.pem` is what HAProxy reads: the certificate of the box, those between it and its authority,
and the private key.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SELF_SIGNED_DAYS = 3650
"""As long as the machine: it is only for a technician who gets in before the centre's comes."""
EARLY_DAYS = 2
"""Valid from a little before now: a client's clock may be slow."""


def self_signed(names: Sequence[str], *, now_ms: int) -> bytes:
    """Return certificate and key in PEM for the names, which no client trusts by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(names[0])
    certificate = (
        leaf_builder(names, key.public_key(), now_ms=now_ms, days=SELF_SIGNED_DAYS)
        .subject_name(name)
        .issuer_name(name)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key_pem(key)


def leaf_builder(
    names: Sequence[str], public_key: ec.EllipticCurvePublicKey, *, now_ms: int, days: int
) -> x509.CertificateBuilder:
    """Return what every certificate of a box has; subject, issuer and signature are missing."""
    now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .public_key(public_key)
        .not_valid_before(now - datetime.timedelta(days=EARLY_DAYS))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([_general(one) for one in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
