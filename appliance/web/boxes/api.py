"""The standby protocol, version 1.  docs/standby-protocol.md is the specification.

`view` is for anyone on the room's network and says nothing about the exam.  `epoch_proof` is for
anyone, too: a proof is signed by the box that leads, so it does not matter who carries it.
Everything else is for the boxes to which the centre has given one of this room's sittings.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, jsonify, request

from appliance.formats.keys import PublicIdentity
from appliance.formats.request_signature import SignedRequest, claimed_box_id, verify_request
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.formats.standby_requests import (
    HEAD_HEADER,
    JOURNAL_HEADER,
    AskEntries,
    AskFile,
    Join,
    OfJournal,
)
from appliance.formats.strays import STRAYS_MAX_BYTES
from appliance.services import serve_followers as followers
from appliance.services.overtaken import take_epoch_proof
from appliance.web.access import allows, anyone
from appliance.web.boxes.nonces import Nonces
from appliance.web.here import this_box

_NONCES = "examroom-nonces"


def _box_only() -> None:
    """Let in a box of this room whose signature covers this request."""
    box = this_box()
    request.max_content_length = STRAYS_MAX_BYTES
    peer = followers.require_peer(box, claimed_box_id(dict(request.headers)))
    verify_request(
        SignedRequest(request.method, request.path, request.get_data()),
        dict(request.headers),
        box=peer,
        now_ms=box.clock.wall_ms(),
        nonces=current_app.extensions[_NONCES],
    )
    g.peer = peer


another_box = allows("another box of this room, by its signature", _box_only)


def _peer() -> PublicIdentity:
    peer: PublicIdentity = g.peer
    return peer


def _bytes(data: bytes) -> Response:
    return Response(data, mimetype="application/octet-stream")


@anyone
def view() -> Response:
    """Say which box this is and whether it leads."""
    response = jsonify(followers.describe(this_box()).model_dump())
    # A candidate's page that was loaded from another box may ask, without any credentials.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@anyone
def epoch_proof() -> Response:
    """Take the proof that another box leads."""
    request.max_content_length = SIGNED_MAX_BYTES
    return jsonify({"overtaken": take_epoch_proof(this_box(), request.get_data())})


@another_box
def join() -> Response:
    """Let a box follow, and give it what it needs besides entries."""
    body = Join.from_bytes(request.get_data())
    secrets = followers.let_join(
        this_box(), _peer(), journal_id=body.journal_id, origin=body.origin
    )
    return _bytes(secrets)


@another_box
def entries() -> Response:
    """Give what follows an entry; the asking says that everything before is held there."""
    ask = AskEntries.from_bytes(request.get_data())
    given = followers.give_entries(this_box(), _peer(), ask)
    response = _bytes(given.bundle) if given.bundle else Response(status=204)
    response.headers[HEAD_HEADER] = str(given.head_seq)
    return response


@another_box
def files() -> Response:
    """Name the files that candidates have uploaded."""
    body = OfJournal.from_bytes(request.get_data())
    return jsonify({"files": followers.list_files(this_box(), journal_id=body.journal_id)})


@another_box
def file() -> Response:
    """Give one of them, sealed to the box that asks."""
    body = AskFile.from_bytes(request.get_data())
    return _bytes(
        followers.give_file(this_box(), _peer(), journal_id=body.journal_id, sha256=body.sha256)
    )


@another_box
def stand_down() -> Response:
    """Stop writing for a moment: somebody has decided that the asking box shall lead."""
    body = OfJournal.from_bytes(request.get_data())
    followers.stand_down(this_box(), journal_id=body.journal_id)
    return jsonify({"standing_down": True})


@another_box
def strays() -> Response:
    """Take in what only a box that was overtaken has."""
    journal_id = request.headers.get(JOURNAL_HEADER, "")
    followers.take_strays(this_box(), _peer(), journal_id=journal_id, data=request.get_data())
    return jsonify({"taken": True})


def register(app: Flask) -> None:
    """Put the protocol's addresses on the candidates' application, which other boxes can reach."""
    app.extensions[_NONCES] = Nonces()
    app.add_url_rule("/api/v1/box", "box_view", view)
    app.add_url_rule("/api/v1/box/epoch-proof", "box_epoch_proof", epoch_proof, methods=["POST"])
    for name, answer in (
        ("join", join),
        ("entries", entries),
        ("files", files),
        ("file", file),
        ("stand-down", stand_down),
        ("strays", strays),
    ):
        app.add_url_rule(f"/api/v1/box/{name}", f"box_{name}", answer, methods=["POST"])
