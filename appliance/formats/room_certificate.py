"""Certificates for the room's TLS: X.509 as PEM, by the site's authority or by another.

The chain is the certificate of the box and those between it and its authority; with the private
key after it, in one file, it is what HAProxy reads.
"""

from __future__ import annotations

import datetime
import ipaddress
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.domain.errors import InvalidInputError

PEM_MAX_BYTES = 64 * 1024
CHAIN_MAX = 8
NAMES_MAX = 100

SELF_SIGNED_DAYS = 3650
"""As long as the machine: it is only for a technician who gets in before the centre's comes."""
EARLY_DAYS = 2
"""Valid from a little before now: a client's clock may be slow."""
DAY_MS = 24 * 3600 * 1000


class RoomCertificateUnfitError(InvalidInputError):
    """A certificate for a box cannot be used."""

    key = "room_certificate_unfit"
    staff_message = "The certificate for the room cannot be used: {problem} The old one stays."


@dataclass(frozen=True, slots=True)
class RoomCertificate:
    """What a certificate says: its names, who signed it, until when it is valid (UTC ms)."""

    names: tuple[str, ...]
    issuer: str
    valid_until_ms: int
    is_self_signed: bool

    def days_left(self, now_ms: int) -> int:
        """Return for how many whole days it is still valid; negative once it is not."""
        return (self.valid_until_ms - now_ms) // DAY_MS


def self_signed(names: Sequence[str], *, now_ms: int) -> bytes:
    """Return certificate and key in PEM for the names, which no client trusts by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        leaf_builder(names, key.public_key(), now_ms=now_ms, days=SELF_SIGNED_DAYS)
        .issuer_name(common_name(names[0]))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key_pem(key)


def leaf_builder(
    names: Sequence[str], public_key: ec.EllipticCurvePublicKey, *, now_ms: int, days: int
) -> x509.CertificateBuilder:
    """Return what every certificate of a box has; issuer and signature are missing."""
    now = _utc(now_ms)
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(names[0]))
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


def common_name(name: str) -> x509.Name:
    """Return a name for people, which X.509 limits to 64 characters."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def check_certificate(
    chain_pem: bytes, key: bytes, *, now_ms: int, names: Sequence[str] = ()
) -> RoomCertificate:
    """Return what a certificate says, once it is found to be usable.

    Usable: it can be read, the private key (PEM) belongs to it, it names all of `names`, and it is
    not over.  Not yet valid is no fault: the clock of a box may be slow.
    Raises RoomCertificateUnfitError.
    """
    chain = _read_chain(chain_pem)
    if not _belongs(key, chain[0]):
        raise RoomCertificateUnfitError(problem="its private key is another one's.")
    for signed, signer in itertools.pairwise(chain):
        if signed.issuer != signer.subject:
            raise RoomCertificateUnfitError(problem="its chain is not in order.")
    said = _say(chain[0])
    if said.valid_until_ms <= now_ms:
        raise RoomCertificateUnfitError(problem="it is over, or the clock of this box is wrong.")
    missing = [one for one in names if not _covers(said.names, one)]
    if missing:
        raise RoomCertificateUnfitError(problem=f"it is not for {missing[0]}.")
    return said


def read_certificate(data: bytes) -> RoomCertificate:
    """Return what the first certificate of a PEM file says; raises RoomCertificateUnfitError."""
    return _say(_read_chain(data)[0])


def require_root(data: bytes) -> None:
    """Raise RoomCertificateUnfitError unless the PEM holds the certificate of an authority."""
    root = _read_chain(data)[0]
    try:
        limits = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound) as problem:
        raise RoomCertificateUnfitError(problem="its authority is none.") from problem
    if not limits.ca:
        raise RoomCertificateUnfitError(problem="its authority is none.")


def _read_chain(data: bytes) -> list[x509.Certificate]:
    if len(data) > PEM_MAX_BYTES:
        raise RoomCertificateUnfitError(problem="it is too large.")
    try:
        chain = x509.load_pem_x509_certificates(data)
    except ValueError as problem:
        raise RoomCertificateUnfitError(problem="it is not a certificate in PEM.") from problem
    if len(chain) > CHAIN_MAX:
        raise RoomCertificateUnfitError(problem="its chain is too long.")
    return chain


def _belongs(key: bytes, certificate: x509.Certificate) -> bool:
    if len(key) > PEM_MAX_BYTES:
        raise RoomCertificateUnfitError(problem="its private key is too large.")
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    try:
        own = load_pem_private_key(key, password=None).public_key().public_bytes(*form)
        return own == certificate.public_key().public_bytes(*form)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise RoomCertificateUnfitError(problem="its private key cannot be read.") from problem


def _say(certificate: x509.Certificate) -> RoomCertificate:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        issuer = certificate.issuer.rfc4514_string()
        by = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, x509.ExtensionNotFound) as problem:
        raise RoomCertificateUnfitError(problem="it names no host.") from problem
    names = [
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    ]
    return RoomCertificate(
        names=tuple(names[:NAMES_MAX]),
        issuer=str(by[0].value) if by else issuer,
        valid_until_ms=int(certificate.not_valid_after_utc.timestamp() * 1000),
        is_self_signed=certificate.issuer == certificate.subject,
    )


def _covers(names: Sequence[str], wanted: str) -> bool:
    """Say whether a name is among those of a certificate, `*.` for one label included."""
    return wanted in names or f"*.{wanted.partition('.')[2]}" in names


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _utc(at_ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
