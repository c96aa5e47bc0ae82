"""The short way of a save: past Flask, to the same parsing and the same service.

A room makes hundreds of saves a second and little else, and in Flask each costs more for routing,
contexts and hooks than for being made durable (docs/performance.md has the figures).  So a save
that is as it should be is answered here.  Everything else is not decided here: whatever is missing,
odd or refused goes on to Flask, whose view says what is wrong, in the reader's language.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from appliance.domain.errors import ExamroomError
from appliance.services.box import Box
from appliance.services.exchange import Telling, exchange
from appliance.services.room import SignedIn
from appliance.web.access import SAME_SITE
from appliance.web.boundary import REQUEST_MAX_BYTES, ExchangeBody, parse_body
from appliance.web.candidate.locked_browser import shown_hashes
from appliance.web.security import HEADERS, TRANSPORT_HEADER

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

REFUSAL = "examroom.refusal"
"""Where a refusal goes on to Flask.  No header of a request can put anything there."""

BEFORE, AFTER = "/api/v1/attempts/", "/changes"
_HEADERS = [
    ("Content-Type", "application/json"),
    *HEADERS.items(),
    ("Cache-Control", "no-store"),
]
_encode = json.JSONEncoder(separators=(",", ":")).encode


class QuickSaves:
    """A WSGI application in front of another."""

    def __init__(self, application: Application, box: Box, *, cookie: str) -> None:
        self._application = application
        self._box = box
        self._cookie = f"{cookie}="

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a save that is as it should be; give everything else on."""
        signed_in = self._signed_in(environ)
        if signed_in is not None:
            answer = self._answer(environ, signed_in)
            if answer is not None:
                headers = [*_HEADERS, ("Content-Length", str(len(answer)))]
                if environ["wsgi.url_scheme"] == "https":
                    headers.append(TRANSPORT_HEADER)
                start_response("200 OK", headers)
                return [answer]
        return self._application(environ, start_response)

    def _signed_in(self, environ: Environ) -> SignedIn | None:
        """Return whose save this is, if it is one and its cookie is that candidate's."""
        path: str = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "POST" or not path.endswith(AFTER):
            return None
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if (site is not None and site not in SAME_SITE) or self._box.room is None:
            return None
        for pair in environ.get("HTTP_COOKIE", "").split("; "):
            if pair.startswith(self._cookie):
                signed_in = self._box.room.signed_in(pair[len(self._cookie) :])
                if signed_in and path == f"{BEFORE}{signed_in.attempt_id}{AFTER}":
                    return signed_in
        return None

    def _answer(self, environ: Environ, signed_in: SignedIn) -> bytes | None:
        length = environ.get("CONTENT_LENGTH", "")
        if not length.isdecimal() or int(length) > REQUEST_MAX_BYTES:
            return None
        data = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(data)
        try:
            body = parse_body(data, ExchangeBody)
            telling = Telling(
                address=environ.get("REMOTE_ADDR", ""),
                item_id=body.item,
                battery_percent=body.battery_percent,
                unsent_count=body.unsent,
                seen_message_count=body.seen_messages,
                oldest_no=body.oldest,
                workstation_id=body.workstation or "",
                shown=shown_hashes(environ),
            )
            changes = tuple(one.as_change() for one in body.changes)
            standing = exchange(self._box, signed_in, changes, telling)
        except ExamroomError as refusal:
            environ[REFUSAL] = refusal
            return None
        return f"{_encode(standing)}\n".encode()
