"""Taking in what the sync agent, or a stick, has put into the mailbox.

The agent only carries.  Here each document is verified, opened and understood; one that cannot
be is set aside with the reason, and shown to staff.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from appliance.domain.errors import ExamroomError, InvalidInputError, TransientError
from appliance.formats.canonical import encode_canonical
from appliance.formats.document_bodies import (
    ReleaseBody,
    RoomCertificateBody,
    RosterBody,
    StaffBody,
)
from appliance.formats.exam_package import inspect_package
from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.keys import read_public_identity
from appliance.formats.sealed_document import open_document
from appliance.formats.update_document import UPDATE_KIND
from appliance.platform.files import make_folder, write_durably
from appliance.services.box import Box
from appliance.services.look_after_update import want_update
from appliance.services.room_tls import take_certificate
from appliance.storage.box_store import PackageRecord, StaffMember

_log = structlog.get_logger()


class DocumentUnfitError(InvalidInputError):
    """A document is genuine, but not what its kind promises."""

    key = "document_unfit"
    staff_message = "The centre sent something this box does not understand. Tell the centre."


def take_in_mailbox(box: Box) -> int:
    """Take in every document that waits; return how many were taken.

    Safe to repeat: a document is removed only after what it says is durable.
    """
    incoming = box.settings.data_dir / "mailbox" / "incoming"
    taken = 0
    for path in sorted(incoming.glob("*")) if incoming.exists() else []:
        if path.suffix == ".new" or not path.is_file():
            continue
        kind = path.suffix.removeprefix(".")
        verdict = "taken"
        try:
            _take_in(box, kind, path.read_bytes())
            taken += 1
        except TransientError:
            raise  # The disk is full, or the database is busy: it lies here for the next time.
        except ExamroomError as problem:
            # The sentence, not the key: it is what staff and the technician will read.
            verdict = KeptSentence.of(problem).to_bytes().decode()
            _log.warning("document_refused", kind=kind, error_key=problem.key)
        box.store.note_document(path.stem, kind, verdict, box.clock.wall_ms())
        _remove(box, path, keep=verdict != "taken")
    return taken


def _remove(box: Box, path: Path, *, keep: bool) -> None:
    if not keep:
        path.unlink()
        return
    refused = box.settings.data_dir / "mailbox" / "refused"
    make_folder(refused)
    path.replace(refused / path.name)


def _take_in(box: Box, kind: str, data: bytes) -> None:
    if kind == "exam_package":
        take_in_package(box, data)
        return
    if kind == UPDATE_KIND:
        want_update(box, data)
        return
    document = open_document(data, identity=box.identity, centre=box.centre())
    if document.kind != kind:
        raise DocumentUnfitError
    try:
        _understand(box, document.kind, document.body)
    except ValidationError as problem:
        raise DocumentUnfitError from problem


def take_in_package(box: Box, data: bytes) -> None:
    """Check a package and keep it.  Raises the sentence that says what is wrong with it."""
    now_ms = box.clock.wall_ms()
    manifest = inspect_package(data, centre=box.centre(), box_id=box.identity.id, now_ms=now_ms)
    known = box.store.package(manifest.package_id)
    if known is not None and known.version > manifest.version:
        return
    make_folder(box.packages_dir)
    write_durably(box.package_path(manifest.package_id), data)
    box.store.put_package(
        PackageRecord(
            package_id=manifest.package_id,
            version=manifest.version,
            title=manifest.title,
            sha256=hashlib.sha256(data).hexdigest(),
            practice=manifest.practice,
            received_at_ms=now_ms,
        )
    )


def _understand(box: Box, kind: str, body: dict[str, Any]) -> None:
    now_ms = box.clock.wall_ms()
    match kind:
        case "roster":
            roster = RosterBody.model_validate(body)
            peers = [read_public_identity(encode_canonical(one)) for one in roster.boxes]
            for sitting in body["sittings"]:
                box.store.put_peers(
                    sitting["sitting_id"], {one.id: one.to_bytes() for one in peers}
                )
                box.store.put_roster_sitting(
                    roster_id=roster.roster_id,
                    code_key=roster.code_key,
                    sitting=sitting,
                    at_ms=now_ms,
                )
        case "staff":
            staff = StaffBody.model_validate(body).staff
            box.store.replace_staff([StaffMember(**one.model_dump()) for one in staff])
        case "release":
            release = ReleaseBody.model_validate(body)
            box.store.put_release_token(release.package_id, release.release_secret, now_ms)
        case "room_certificate":
            take_certificate(box, RoomCertificateBody.model_validate(body))
        case _:
            raise DocumentUnfitError
