"""SEB Server's addresses for clients, version 1, as far as a room needs them: docs/seb.md.

Written from what SEB Server's clients call.  Everything a client sends is bounded, and what is not
needed is not read.
"""

from __future__ import annotations

import re
from typing import Annotated

from flask import Flask, Response, g, jsonify, request
from flask_limiter import Limiter
from pydantic import Field

from appliance.formats.seb_exam import Seat
from appliance.services import seb_clients
from appliance.services.peers import origin_of
from appliance.services.seb_clients import SebClientUnknownError, SebConnection
from appliance.services.seb_files import given_file
from appliance.web.access import TICKET, allows, anyone
from appliance.web.boundary import Strict, read_body
from appliance.web.here import this_box

BASE = "/exam-api/v1"
BODY_MAX_BYTES = 8192
FAILURES = "30 per minute"
"""For one address; a ping that is as it should be is not counted."""
CLAIMED_SECONDS = 24 * 3600
"""Longer than an exam; the token itself ends with the files."""
CONNECTION = "SEBConnectionToken"
_ENDPOINTS = {
    "access-token-endpoint": "/oauth/token",
    "seb-handshake-endpoint": "/handshake",
    "seb-configuration-endpoint": "/examconfig",
    "seb-ping-endpoint": "/sebping",
    "seb-log-endpoint": "/seblog",
}


class LogBody(Strict):
    """One line of a client's log."""

    type: Annotated[str, Field(max_length=40)]
    timestamp: Annotated[int, Field(ge=0, le=2**53)] = 0
    text: Annotated[str, Field(max_length=4000)] = ""
    numericValue: Annotated[float, Field(ge=-1, le=2**53)] | None = None  # noqa: N815 - SEB's name


def _signed_in() -> None:
    request.max_content_length = BODY_MAX_BYTES
    authorization = request.headers.get("Authorization", "")
    if not authorization.startswith(TICKET):
        raise SebClientUnknownError
    g.seat_name = seb_clients.seat_name_of(this_box(), authorization.removeprefix(TICKET))


def _connected() -> None:
    _signed_in()
    found = seb_clients.connection_of(this_box(), request.headers.get(CONNECTION, ""))
    if found.seat_name != g.seat_name:
        raise SebClientUnknownError
    g.connection = found


client = allows("Safe Exam Browser with the secret of its file", _signed_in)
connected = allows("Safe Exam Browser with its connection token", _connected)


def _connection() -> SebConnection:
    connection: SebConnection = g.connection
    return connection


def _told(name: str) -> str:
    """Return a field of a form as one short printable line."""
    text = request.form.get(name, "")[: seb_clients.TOLD_MAX_CHARACTERS]
    return re.sub(r"[^\x20-\x7e\u00a0-\uffff]", "", text)


@anyone
def discovery() -> Response:
    """Say where everything is."""
    origin = origin_of(this_box())
    endpoints = [
        {"name": name, "description": "", "location": BASE + path, "authorization": "Bearer"}
        for name, path in _ENDPOINTS.items()
    ]
    return jsonify(
        {
            "title": "examroom",
            "description": "",
            "server-location": origin,
            "api-versions": [{"name": "v1", "endpoints": endpoints}],
        }
    )


@anyone
def token() -> Response:
    """Give an access token for the name and secret in a client's file (OAuth 2, RFC 6749 4.4)."""
    request.max_content_length = BODY_MAX_BYTES
    shown = request.authorization
    if shown is None or shown.type != "basic":
        raise SebClientUnknownError
    made = seb_clients.access_token(this_box(), shown.username or "", shown.password or "")
    return jsonify(
        {
            "access_token": made,
            "token_type": "bearer",
            "expires_in": CLAIMED_SECONDS,
            "scope": "read write",
        }
    )


@client
def open_handshake() -> Response:
    """Begin: the client says what it is, and is told its exam."""
    made, exam = seb_clients.connect(
        this_box(),
        g.seat_name,
        version=" ".join(filter(None, (_told("seb_version"), _told("seb_os_name"))))[:60],
        name=_told("seb_machine_name"),
    )
    response = jsonify([exam])
    response.headers[CONNECTION] = made
    return response


@connected
def go_on_with_handshake() -> Response:
    """Take the choice of the exam, or the client's signature: there is one exam, and no judging."""
    response = Response(status=200)
    response.headers[CONNECTION] = request.headers[CONNECTION]
    return response


@connected
def close_handshake() -> Response:
    """Let the client go."""
    seb_clients.disconnect(this_box(), _connection())
    return Response(status=200)


@connected
def exam_config() -> Response:
    """Give the settings of the exam."""
    sitting_id, _, attempt_id = g.seat_name.rpartition(".")
    data = given_file(this_box(), Seat(sitting_id, attempt_id))
    return Response(data, mimetype="application/seb")


@connected
def seb_ping() -> Response:
    """Note that the client is there, and tell it what staff want."""
    wanted = seb_clients.ping(
        this_box(),
        _connection(),
        address=request.remote_addr or "",
        confirmed=_told("instruction-confirm"),
    )
    return Response(status=204) if wanted is None else jsonify(wanted)


@connected
def seb_log() -> Response:
    """Take a line of the client's log."""
    line = read_body(LogBody)
    seb_clients.note_told(
        this_box(),
        _connection(),
        kind=line.type,
        text=line.text,
        number=round(line.numericValue or 0),
        address=request.remote_addr or "",
    )
    return Response(status=204)


def register(app: Flask, limiter: Limiter) -> None:
    """Put the addresses on the candidates' application."""
    app.add_url_rule("/exam-api/discovery", "seb_discovery", discovery)
    for path, methods, view in (
        ("/oauth/token", ["POST"], token),
        ("/handshake", ["POST"], open_handshake),
        ("/handshake", ["PATCH", "PUT"], go_on_with_handshake),
        ("/handshake", ["DELETE"], close_handshake),
        ("/examconfig", ["GET"], exam_config),
        ("/sebping", ["POST"], seb_ping),
        ("/seblog", ["POST"], seb_log),
    ):
        app.add_url_rule(BASE + path, f"seb_{view.__name__}", view, methods=methods)
    limited = limiter.limit(FAILURES, deduct_when=lambda answer: answer.status_code >= 400)
    app.view_functions["seb_token"] = limited(token)
