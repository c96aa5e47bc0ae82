"""The site's own authority for the room's TLS, at the centre: one key, one root certificate.

Whoever installs the root on a computer lets this key name any host there, so it belongs on the
computers of exam rooms and nowhere else.  It cannot be limited to the names of a site
(nameConstraints): boxes get names and addresses long after the root was installed.
The secret beside it is one that all boxes of the site share and nobody else.
"""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from appliance.formats.canonical import CanonicalDocument, DocumentMalformedError, HexBytes
from appliance.formats.keys import KeyFileDamagedError, write_secret
from appliance.formats.room_certificate import common_name, key_pem, leaf_builder

AUTHORITY_FILE = "room.authority"
AUTHORITY_DAYS = 20 * 365
"""Longer than the computers it is installed on: a new root would have to reach each of them."""
CERTIFICATE_DAYS = 398
"""A school year and a month.  Boxes are often offline, so the weeks that public authorities give
would end in the middle of a year; a certificate that is lost does not serve its finder for longer
than one that browsers would take from anybody."""
CLIENT_SECRET_BYTES = 32


class _AuthorityFile(CanonicalDocument):
    format: Literal["room-authority/1"] = "room-authority/1"
    key: str
    certificate: str
    client_secret: HexBytes


@dataclass(frozen=True, slots=True)
class RoomAuthority:
    """The authority of a site."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    client_secret: bytes = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """The root that clients trust."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, names: Sequence[str], *, now_ms: int) -> tuple[bytes, bytes]:
        """Return (certificate, private key) in PEM for a box with these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = (
            leaf_builder(names, key.public_key(), now_ms=now_ms, days=CERTIFICATE_DAYS)
            .issuer_name(self.certificate.subject)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return issued.public_bytes(Encoding.PEM), key_pem(key)


def load_or_create_authority(directory: Path, name: str, *, now_ms: int) -> RoomAuthority:
    """Return the authority in `directory`, made the first time; raises KeyFileDamagedError."""
    path = directory / AUTHORITY_FILE
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            write_secret(path, _create(name, now_ms))
    try:
        document = _AuthorityFile.from_bytes(path.read_bytes())
        key = load_pem_private_key(document.key.encode(), password=None)
        certificate = x509.load_pem_x509_certificate(document.certificate.encode())
    except (DocumentMalformedError, ValueError, TypeError) as damage:
        raise KeyFileDamagedError(path=str(path)) from damage
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileDamagedError(path=str(path))
    return RoomAuthority(key, certificate, document.client_secret)


def _create(name: str, now_ms: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    subject = common_name(f"{name[:48]} exam rooms")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .serial_number(x509.random_serial_number())
        .public_key(key.public_key())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=AUTHORITY_DAYS))
        # It signs boxes, and no authority below it.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_SIGNS_CERTIFICATES, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _AuthorityFile(
        key=key_pem(key).decode(),
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        client_secret=secrets.token_bytes(CLIENT_SECRET_BYTES),
    ).to_bytes()


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
