"""Sending a sitting: package, roster and staff, into the mailbox of each of its boxes."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select, update

from appliance.formats.authored_exam import MEDIA_FOLDER, ORIGINAL_FOLDER, SCORING_NAME
from appliance.formats.exam_model import encode_exam, encode_scoring
from appliance.formats.exam_package import (
    PackageContents,
    PackageTerms,
    build_package,
    inspect_package,
    release_secret_of,
)
from appliance.formats.keys import PublicIdentity, read_public_identity
from appliance.formats.sealed_document import Document, DocumentKind, seal_document
from appliance.platform.ids import new_id
from sync.central.centre import Centre
from sync.central.database import Row, write
from sync.central.exams import find_exam
from sync.central.mailbox import PACKAGE_KIND, post_document
from sync.central.sittings import (
    SittingIncompleteError,
    boxes_of,
    conduct_basis_of,
    find_sitting,
)
from sync.central.tables import boxes, candidates, sitting_boxes, sittings, staff

OPEN_BEFORE_START_MS = 2 * 3600 * 1000
VALID_AFTER_START_MS = 7 * 24 * 3600 * 1000
VALID_WITHOUT_START_MS = 365 * 24 * 3600 * 1000


def send_sitting(centre: Centre, sitting_id: str, *, actor: str) -> None:
    """Build, seal and post everything a sitting needs.  Sending again replaces it on the boxes."""
    now_ms = centre.clock.wall_ms()
    sitting = dict(find_sitting(centre, sitting_id))
    sitting["version"] += 1
    with write(centre.engine) as connection:
        receivers = _boxes_in_use(connection, sitting_id)
        package, secret = _build(centre, sitting, receivers, now_ms)
        roster = _roster_body(centre, connection, sitting, receivers)
        for box in receivers:
            document = (f"package-{new_id()}", PACKAGE_KIND, package)
            post_document(connection, box.id, document, at_ms=now_ms)
            post_sealed(centre, connection, box, "roster", roster)
            post_sealed(centre, connection, box, "staff", _staff_body(connection, box.id, now_ms))
            if sitting["released_at_ms"] is not None:
                post_sealed(centre, connection, box, "release", _release_body(sitting, secret))
        connection.execute(
            update(sittings)
            .where(sittings.c.sitting_id == sitting_id)
            .values(
                sent_at_ms=now_ms,
                version=sitting["version"],
                release_secret_sealed=centre.conceal(secret.hex()),
            )
        )
        centre.record(connection, actor, "sitting_sent", sitting_id)


def release_sitting(centre: Centre, sitting_id: str, *, actor: str) -> None:
    """Post a release token to each box of a sitting: it opens the exam without the code.

    Raises SittingIncompleteError before the sitting was sent.
    """
    sitting = find_sitting(centre, sitting_id)
    if sitting["release_secret_sealed"] is None:
        raise SittingIncompleteError(reason="it has to be sent before it can be released.")
    secret = bytes.fromhex(centre.reveal(sitting["release_secret_sealed"]))
    with write(centre.engine) as connection:
        for box in _boxes_in_use(connection, sitting_id):
            post_sealed(centre, connection, box, "release", _release_body(sitting, secret))
        connection.execute(
            update(sittings)
            .where(sittings.c.sitting_id == sitting_id)
            .values(released_at_ms=centre.clock.wall_ms())
        )
        centre.record(connection, actor, "sitting_released", sitting_id)


def _boxes_in_use(connection: Connection, sitting_id: str) -> list[PublicIdentity]:
    rows = connection.execute(
        select(boxes.c.identity)
        .where(boxes.c.box_id.in_(boxes_of(connection, sitting_id)), ~boxes.c.is_disabled)
        .order_by(boxes.c.box_id)
    ).scalars()
    found = [read_public_identity(bytes(data)) for data in rows]
    if not found:
        raise SittingIncompleteError(reason="none of its boxes is in use.")
    return found


def _build(
    centre: Centre, sitting: Row, receivers: list[PublicIdentity], now_ms: int
) -> tuple[bytes, bytes]:
    """Return the package and the secret that a release token for it carries."""
    authored = find_exam(centre, sitting["exam_id"])
    start_at_ms = sitting["planned_start_at_ms"]
    until_ms = (
        now_ms + VALID_WITHOUT_START_MS
        if start_at_ms is None
        else start_at_ms + VALID_AFTER_START_MS
    )
    terms = PackageTerms(
        package_id=sitting["package_id"],
        version=sitting["version"],
        title=sitting["title"],
        languages=authored.exam.languages,
        duration_seconds=sitting["duration_seconds"],
        not_before_ms=0 if start_at_ms is None else max(0, start_at_ms - OPEN_BEFORE_START_MS),
        not_after_ms=until_ms,
        practice=sitting["is_practice"],
    )
    contents = PackageContents(
        exam_json=encode_exam(authored.exam),
        media={MEDIA_FOLDER + name: data for name, data in authored.media.items()},
        archive={
            SCORING_NAME: encode_scoring(authored.scoring),
            **{ORIGINAL_FOLDER + name: data for name, data in authored.original.items()},
        },
    )
    code = centre.reveal(sitting["release_code_sealed"])
    package = build_package(
        contents, terms, boxes=receivers, centre=centre.identity, release_code=code
    )
    # Checked as a box would, before anybody relies on it.
    manifest = inspect_package(
        package, centre=centre.identity.public, box_id=receivers[0].id, now_ms=now_ms
    )
    return package, release_secret_of(manifest, code)


def post_sealed(
    centre: Centre,
    connection: Connection,
    box: PublicIdentity,
    kind: DocumentKind,
    body: dict[str, object],
) -> None:
    """Seal a document to a box and put it into its mailbox, in the transaction that decides it."""
    now_ms = centre.clock.wall_ms()
    document = Document(kind, f"{kind.replace('_', '-')}-{new_id()}", now_ms, body)
    data = seal_document(document, box=box, centre=centre.identity)
    post_document(connection, box.id, (document.document_id, kind, data), at_ms=now_ms)


def _release_body(sitting: Row, secret: bytes) -> dict[str, object]:
    return {"package_id": sitting["package_id"], "release_secret": secret.hex()}


def _roster_body(
    centre: Centre, connection: Connection, sitting: Row, receivers: list[PublicIdentity]
) -> dict[str, object]:
    """Return the roster; `boxes` are those that may stand by for each other in this sitting."""
    people = connection.execute(
        select(candidates)
        .where(candidates.c.sitting_id == sitting["sitting_id"])
        .order_by(candidates.c.number)
    ).mappings()
    return {
        "roster_id": f"{sitting['sitting_id']}-{sitting['version']}",
        "code_key": centre.reveal(sitting["code_key_sealed"]),
        "boxes": [one.model_dump(mode="json") for one in receivers],
        "sittings": [
            {
                "sitting_id": sitting["sitting_id"],
                "title": sitting["title"],
                "package_id": sitting["package_id"],
                "planned_start_at": sitting["planned_start_at_ms"],
                "duration_seconds": sitting["duration_seconds"],
                "room": sitting["room"],
                "conduct_basis": conduct_basis_of(connection, sitting["sitting_id"]),
                "candidates": [_roster_line(dict(person)) for person in people],
            }
        ],
    }


def _roster_line(person: Row) -> dict[str, object]:
    names = (
        *("candidate_id", "number", "given_name", "family_name"),
        *("code_hash", "seat", "anonymous_code"),
    )
    return {
        **{name: person[name] for name in names},
        "accommodations": json.loads(person["accommodations"]),
    }


def _staff_body(connection: Connection, box_id: str, now_ms: int) -> dict[str, object]:
    """Name everybody who may run this box now or later: the box replaces its list by this one."""
    columns = [staff.c[name] for name in _STAFF_FIELDS]
    rows = connection.execute(
        select(*columns)
        .join(sitting_boxes, sitting_boxes.c.sitting_id == staff.c.sitting_id)
        .where(sitting_boxes.c.box_id == box_id, staff.c.valid_until_ms > now_ms)
        .order_by(staff.c.name, staff.c.staff_id)
    ).mappings()
    return {"staff": [dict(row) for row in rows]}


_STAFF_FIELDS = ("staff_id", "name", "role", "secret_hash", "valid_from_ms", "valid_until_ms")
