"""The box's certificate for the room's TLS: taken from the centre, laid out for the proxy, shown.

`DATA/tls/room.pem` is what HAProxy reads, `DATA/tls/authority.pem` is what boxes of the site trust
on the room's network besides the public authorities.
"""

from __future__ import annotations

from pathlib import Path

from appliance.formats.document_bodies import RoomCertificateBody
from appliance.formats.room_certificate import (
    PEM_MAX_BYTES,
    RoomCertificate,
    RoomCertificateUnfitError,
    check_certificate,
    read_certificate,
    require_root,
)
from appliance.platform.files import make_folder, write_durably
from appliance.services.box import Box


def room_certificate_path(data_dir: Path) -> Path:
    """Return where certificate and private key lie, in one file."""
    return data_dir / "tls" / "room.pem"


def authority_path(data_dir: Path) -> Path:
    """Return where the root of the site's authority lies, once the centre has sent it."""
    return data_dir / "tls" / "authority.pem"


def take_certificate(box: Box, body: RoomCertificateBody) -> None:
    """Check what the centre sent and put it in place; raises RoomCertificateUnfitError.

    The certificate comes last: its change is what the proxy is told of.
    """
    data_dir = box.settings.data_dir
    chain, key, authority = (
        one.strip().encode() + b"\n" for one in (body.chain_pem, body.key_pem, body.authority_pem)
    )
    check_certificate(chain, key, now_ms=box.clock.wall_ms(), names=body.names)
    require_root(authority)
    box.store.put_client_secret(body.client_secret)
    make_folder(room_certificate_path(data_dir).parent, mode=0o700)
    write_durably(authority_path(data_dir), authority)
    write_durably(room_certificate_path(data_dir), chain + key, mode=0o600)


def read_own_certificate(data_dir: Path) -> RoomCertificate | None:
    """Return what the box's certificate says; None while it has none that can be read."""
    try:
        with room_certificate_path(data_dir).open("rb") as file:
            return read_certificate(file.read(PEM_MAX_BYTES))
    except (OSError, RoomCertificateUnfitError):
        return None
