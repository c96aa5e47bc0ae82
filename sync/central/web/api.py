"""The API: for boxes by signed requests, for other systems by bearer token.

Replies are canonical JSON.  `docs/sync-protocol.md` is the specification.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from appliance.domain.errors import InvalidInputError
from appliance.formats.canonical import (
    DocumentMalformedError,
    encode_canonical,
    parse_canonical,
)
from appliance.formats.keys import IDENTITY_MAX_BYTES, read_public_identity
from sync.central.attachments import take_attachment
from sync.central.box_reports import take_report
from sync.central.boxes import enrol_with_code
from sync.central.intake import Verdict, take_bundle
from sync.central.mailbox import fetch_document, list_documents
from sync.central.results import RESULTS_LISTED_MAX, list_results
from sync.central.updates import update_piece
from sync.central.web.context import calling_box, centre
from sync.central.web.replies import canonical
from sync.central.web.rights import Caller, allows
from sync.central.web.throttle import ENROLMENTS, limiter

api = Blueprint("api", __name__, url_prefix="/api/v1")

_COUNT = re.compile(r"[0-9]{1,15}")


class NumberWrongError(InvalidInputError):
    """A number in the address is none."""

    key = "number_wrong"
    staff_message = "The value of {name} in the address has to be a whole number."


@api.post("/enrolments")
@allows(Caller.ANYBODY)
@limiter.limit(ENROLMENTS)
def enrol() -> Response:
    """Enrol a box that proves to know a one-time code."""
    value = parse_canonical(request.get_data(), bytes_max=2 * IDENTITY_MAX_BYTES)
    match value:
        case {"identity": dict(document), "proof": str(proof)} if re.fullmatch(
            r"[0-9a-f]{64}", proof
        ):
            identity = read_public_identity(encode_canonical(document))
        case _:
            raise DocumentMalformedError
    own_proof = enrol_with_code(centre(), identity, bytes.fromhex(proof))
    own = parse_canonical(centre().identity.public.to_bytes())
    return canonical({"centre": own, "proof": own_proof.hex()})


@api.get("/mailbox")
@allows(Caller.BOX)
def mailbox_list() -> Response:
    """List what waits for the calling box after a cursor."""
    rows = list_documents(centre(), calling_box().id, after=_count("after", 0))
    return canonical({"documents": [dict(row) for row in rows]})


@api.get("/mailbox/<document_id>")
@allows(Caller.BOX)
def mailbox_document(document_id: str) -> Response:
    """Return one document's bytes."""
    data = fetch_document(centre(), calling_box().id, document_id)
    return Response(data, mimetype="application/octet-stream")


@api.get("/updates/<sha256>/<int:number>")
@allows(Caller.BOX)
def update_part(sha256: str, number: int) -> Response:
    """Return a piece of an update's part; what it is for is in the mailbox."""
    return Response(update_piece(centre(), sha256, number), mimetype="application/octet-stream")


@api.put("/report")
@allows(Caller.BOX)
def report() -> Response:
    """Take what the calling box says of itself."""
    take_report(centre(), request.get_data(), box_id=calling_box().id)
    return canonical({})


@api.post("/bundles")
@allows(Caller.BOX)
def bundle_upload() -> Response:
    """Take a bundle and answer with a receipt, or with what is expected instead."""
    intake = take_bundle(centre(), request.get_data(), box=calling_box())
    reply: dict[str, object] = {
        "verdict": intake.verdict.value,
        "expected_seq": intake.expected_seq,
    }
    if intake.receipt is not None:
        reply["receipt"] = parse_canonical(intake.receipt)
    refused = intake.verdict in {Verdict.GAP, Verdict.CONFLICT}
    return canonical(reply, status=409 if refused else 200)


@api.put("/journals/<journal_id>/attachments/<sha256>")
@allows(Caller.BOX)
def attachment_upload(journal_id: str, sha256: str) -> Response:
    """Take a candidate's file; safe to repeat."""
    kept = take_attachment(
        centre(), request.get_data(), box=calling_box(), expected=(journal_id, sha256)
    )
    return canonical({"verdict": kept.value})


@api.get("/results")
@allows(Caller.OTHER_SYSTEM)
def results_after() -> Response:
    """List attempts that changed after a cursor, with their responses and scores."""
    limit = min(RESULTS_LISTED_MAX, max(1, _count("limit", 100)))
    page = list_results(centre(), after=_count("after", 0), limit=limit)
    return canonical({"results": page.results, "cursor": page.cursor, "is_last": page.is_last})


def _count(name: str, otherwise: int) -> int:
    text = request.args.get(name)
    if text is None:
        return otherwise
    if not _COUNT.fullmatch(text):
        raise NumberWrongError(name=name)
    return int(text)
