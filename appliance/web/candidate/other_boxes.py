"""Pages that were loaded from another box of the same room: what they may ask of this one.

When a box is taken over, the pages it had served go on with the box that leads now.  Browsers let a
page talk to another address only where both sides allow it: this box says so to pages of the
room's own boxes (CORS), and its own pages name those boxes in their policy.
"""

from __future__ import annotations

from flask import Flask, Response, request

from appliance.services.peers import room_origins
from appliance.web.candidate.locked_browser import PAGE_HEADERS
from appliance.web.here import this_box
from appliance.web.security import CONTENT_SECURITY_POLICY

PREFLIGHT_SECONDS = 3600
ALLOWED_HEADERS = ", ".join(("authorization", "content-type", *PAGE_HEADERS)).lower()


def other_origins() -> list[str]:
    """Return the addresses of the room's boxes, this one's included."""
    return room_origins(this_box())


def policy_with_other_boxes() -> str:
    """Return the page's policy, with the room's boxes among those it may talk to."""
    allowed = " ".join(["connect-src 'self'", *other_origins()])
    return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", allowed)


def _answer_preflight() -> Response | None:
    if request.method != "OPTIONS" or not _is_of_this_room():
        return None
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT"
    response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _allow(response: Response) -> Response:
    if _is_of_this_room():
        # No credentials: the ticket is all such a page shows.
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Vary"] = "Origin"
    return response


def _is_of_this_room() -> bool:
    return request.headers.get("Origin", "") in other_origins()


def register(app: Flask) -> None:
    """Answer pages of the room's other boxes."""
    app.before_request(_answer_preflight)
    app.after_request(_allow)
