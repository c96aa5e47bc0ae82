"""Where workstations ask for the key of what they keep.  docs/kiosk-protocol.md, section 5."""

from __future__ import annotations

from typing import Annotated

from flask import Flask, Response, jsonify, request
from flask_limiter import Limiter
from pydantic import Field

from appliance.domain.errors import RefusedError
from appliance.formats.workstation_key import VOLUME_ID
from appliance.services.give_workstation_key import give_workstation_key
from appliance.web.access import allows
from appliance.web.boundary import RequestMalformedError, Strict, is_workstation_id, read_body
from appliance.web.here import this_box

REQUEST_MAX_BYTES = 256
KEYS = "60 per minute"
"""For one address.  A workstation asks every few seconds until the room is open, then once."""


class TlsMissingError(RefusedError):
    """A secret was asked for on a line that others can read."""

    key = "tls_missing"
    staff_message = "A computer asked for its key without TLS, and did not get it."


class KeyBody(Strict):
    """Which place the key is for."""

    volume: Annotated[str, Field(pattern=VOLUME_ID)]


def _by_tls() -> None:
    if not request.is_secure:
        raise TlsMissingError


@allows("a computer of the room, by TLS and while a room is open", _by_tls)
def workstation_key(workstation_id: str) -> Response:
    """Give the key of what a workstation keeps on its own stick."""
    request.max_content_length = REQUEST_MAX_BYTES
    if not is_workstation_id(workstation_id):
        raise RequestMalformedError
    key = give_workstation_key(this_box(), read_body(KeyBody).volume)
    return jsonify({"key": key.hex()})


def register(app: Flask, limiter: Limiter) -> None:
    """Put the address on the candidates' application."""
    app.add_url_rule(
        "/api/v1/workstations/<workstation_id>/key",
        "workstation_key",
        limiter.limit(KEYS)(workstation_key),
        methods=["POST"],
    )
