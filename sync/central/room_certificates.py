"""Certificates for the rooms' TLS: made by the site's authority, or obtained elsewhere.

Either goes to its box as a sealed document.  The private key of one is not kept at the centre.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from appliance.domain.errors import InvalidInputError
from appliance.formats.room_certificate import RoomCertificate, check_certificate
from sync.central.boxes import find_box
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, put, read, write
from sync.central.sending import post_sealed
from sync.central.tables import room_certificates

NAMES_MAX = 16
_HOST_NAME = re.compile(r"(?=.{1,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class RoomNameUnfitError(InvalidInputError):
    """What was given is neither a host name nor an address."""

    key = "room_name_unfit"
    staff_message = (
        "{name} is neither a name such as room12.school.example nor an IP address. "
        "Give up to sixteen, names first, with spaces between."
    )


def read_names(text: str) -> list[str]:
    """Return the names and addresses in what an administrator typed; raises RoomNameUnfitError.

    Each name brings the one of the staff pages along, which is another host so that no cookie is
    for both.
    """
    given = text.lower().replace(",", " ").split()
    if not 0 < len(given) <= NAMES_MAX:
        raise RoomNameUnfitError(name=text[:60])
    names: list[str] = []
    for one in given:
        names += [one] if _is_address(one) else [_host_name(one), f"staff.{one}"]
    return list(dict.fromkeys(names))


def send_issued(centre: Centre, box_id: str, text: str, *, actor: str) -> RoomCertificate:
    """Make a certificate for the names in `text` and send it.  Sending again renews it.

    Raises RoomNameUnfitError or BoxUnknownError.
    """
    names = read_names(text)
    chain, key = centre.authority.issue(names, now_ms=centre.clock.wall_ms())
    return _send(centre, box_id, chain, key, names, actor)


def send_obtained(
    centre: Centre, box_id: str, chain: bytes, key: bytes, *, actor: str
) -> RoomCertificate:
    """Send a certificate that another authority gave the centre.

    Raises RoomCertificateUnfitError when the box could not use it, or BoxUnknownError.
    """
    return _send(centre, box_id, chain, key, (), actor)


def certificates_by_box(centre: Centre) -> dict[str, Row]:
    """Return what was sent last to each box."""
    with read(centre.engine) as connection:
        rows = all_rows(connection, room_certificates.select())
    return {row["box_id"]: row for row in rows}


def _send(
    centre: Centre, box_id: str, chain: bytes, key: bytes, names: Sequence[str], actor: str
) -> RoomCertificate:
    now_ms = centre.clock.wall_ms()
    said = check_certificate(chain, key, now_ms=now_ms, names=names)
    body: dict[str, object] = {
        "names": list(said.names),
        "chain_pem": chain.decode("ascii"),
        "key_pem": key.decode("ascii"),
        "authority_pem": centre.authority.certificate_pem.decode("ascii"),
        "client_secret": centre.authority.client_secret.hex(),
    }
    row = {
        "box_id": box_id,
        "names": " ".join(one for one in said.names if not one.startswith("staff.")),
        "issuer": said.issuer,
        "valid_until_ms": said.valid_until_ms,
        "sent_at_ms": now_ms,
    }
    box = find_box(centre, box_id)
    with write(centre.engine) as connection:
        post_sealed(centre, connection, box, "room_certificate", body)
        put(connection, room_certificates, [row])
        centre.record(connection, actor, "room_certificate_sent", box_id)
    return said


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _host_name(text: str) -> str:
    if _HOST_NAME.fullmatch(text) is None:
        raise RoomNameUnfitError(name=text[:60])
    return text
