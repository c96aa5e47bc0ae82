"""Boxes at the centre: enrolled once, recognised by their signature, seen at each contact."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from appliance.domain.errors import InvalidInputError, NotFoundError, RefusedError
from appliance.formats.crockford import in_groups, random_symbols
from appliance.formats.keys import PublicIdentity, read_public_identity
from appliance.formats.request_signature import WINDOW_MS
from appliance.platform.ids import new_id
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, insert_missing, read, write
from sync.central.tables import boxes, enrolment_codes, nonces
from sync.enrolment_proof import prove_identity

CODE_SYMBOLS = 12
CODE_VALID_MS = 7 * 24 * 3600 * 1000
OPEN_CODES_MAX = 500


class EnrolmentCodeWrongError(RefusedError):
    """No open code proves this identity."""

    key = "enrolment_code_wrong"
    staff_message = "This enrolment code is not valid: it was used, is too old, or was mistyped."


class NotABoxError(InvalidInputError):
    """The public keys file is of something else."""

    key = "not_a_box"
    staff_message = "This is not the public keys file of a box."


class BoxUnknownError(NotFoundError):
    """No such box, or it was taken out of use."""

    key = "box_unknown"
    staff_message = "This centre does not know the box {box_id}. Enrol it first."


@dataclass(frozen=True, slots=True)
class NonceTable:
    """Nonces that were seen, in the database, so that several copies of the centre share them."""

    centre: Centre

    def remember(self, box_id: str, nonce: str, at_ms: int) -> bool:
        """See NonceStore."""
        row = {"box_id": box_id, "nonce": nonce, "at_ms": at_ms}
        with write(self.centre.engine) as connection:
            connection.execute(delete(nonces).where(nonces.c.at_ms < at_ms - 3 * WINDOW_MS))
            connection.execute(
                update(boxes).where(boxes.c.box_id == box_id).values(contact_at_ms=at_ms)
            )
            return insert_missing(connection, nonces, [row]) == 1


def create_enrolment_code(centre: Centre, *, actor: str, name: str, room: str) -> str:
    """Return a one-time code for one box, good for a week, in groups of four."""
    code = in_groups(random_symbols(CODE_SYMBOLS))
    row = {
        "code_id": new_id(),
        "code_sealed": centre.conceal(code),
        "name": name,
        "room": room,
        "expires_at_ms": centre.clock.wall_ms() + CODE_VALID_MS,
        "used_at_ms": None,
    }
    with write(centre.engine) as connection:
        connection.execute(insert(enrolment_codes).values(row))
        centre.record(connection, actor, "enrolment_code_created", name)
    return code


def enrol_with_code(centre: Centre, identity: PublicIdentity, proof: bytes) -> bytes:
    """Enrol a box that proves to know an open code; return the centre's proof under it.

    The code itself never travels.  Raises EnrolmentCodeWrongError.
    """
    if identity.kind != "box":
        raise NotABoxError
    now_ms = centre.clock.wall_ms()
    with write(centre.engine) as connection:
        open_codes = connection.execute(
            select(enrolment_codes)
            .where(enrolment_codes.c.used_at_ms.is_(None))
            .where(enrolment_codes.c.expires_at_ms > now_ms)
            .limit(OPEN_CODES_MAX)
            .with_for_update()
        ).mappings()
        for row in open_codes.all():
            code = centre.reveal(row["code_sealed"])
            if hmac.compare_digest(prove_identity(code, "box", identity, ""), proof):
                _put_box(connection, identity, row["name"], row["room"], now_ms)
                connection.execute(
                    update(enrolment_codes)
                    .where(enrolment_codes.c.code_id == row["code_id"])
                    .values(used_at_ms=now_ms)
                )
                centre.record(connection, "box:" + identity.id, "box_enrolled", identity.id)
                return prove_identity(code, "centre", centre.identity.public, identity.id)
    raise EnrolmentCodeWrongError


def enrol_with_file(centre: Centre, data: bytes, *, actor: str, name: str, room: str) -> str:
    """Enrol the box of a public keys file that somebody trusted has brought; return its id."""
    identity = read_public_identity(data)
    if identity.kind != "box":
        raise NotABoxError
    with write(centre.engine) as connection:
        _put_box(connection, identity, name or identity.name, room, centre.clock.wall_ms())
        centre.record(connection, actor, "box_enrolled", identity.id)
    return identity.id


def find_box(centre: Centre, box_id: str) -> PublicIdentity:
    """Return an enrolled box that is in use; raises BoxUnknownError."""
    with read(centre.engine) as connection:
        data = connection.execute(
            select(boxes.c.identity).where(boxes.c.box_id == box_id, ~boxes.c.is_disabled)
        ).scalar_one_or_none()
    if data is None:
        raise BoxUnknownError(box_id=box_id)
    return read_public_identity(bytes(data))


def list_boxes(centre: Centre) -> list[Row]:
    """Return all boxes by room and name."""
    with read(centre.engine) as connection:
        return all_rows(connection, select(boxes).order_by(boxes.c.room, boxes.c.name))


def set_box_use(centre: Centre, box_id: str, *, actor: str, in_use: bool) -> None:
    """Take a box out of use (lost, stolen) or back into it."""
    with write(centre.engine) as connection:
        changed = connection.execute(
            update(boxes).where(boxes.c.box_id == box_id).values(is_disabled=not in_use)
        )
        if changed.rowcount != 1:
            raise BoxUnknownError(box_id=box_id)
        action = "box_taken_into_use" if in_use else "box_taken_out_of_use"
        centre.record(connection, actor, action, box_id)


def _put_box(
    connection: Connection, identity: PublicIdentity, name: str, room: str, now_ms: int
) -> None:
    row = {
        "box_id": identity.id,
        "name": name,
        "room": room,
        "identity": identity.to_bytes(),
        "enrolled_at_ms": now_ms,
        "contact_at_ms": None,
        "is_disabled": False,
    }
    if insert_missing(connection, boxes, [row]) == 0:
        known = {key: row[key] for key in ("name", "room", "identity", "is_disabled")}
        connection.execute(update(boxes).where(boxes.c.box_id == identity.id).values(known))
