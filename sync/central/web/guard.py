"""Before every view: who is calling, and may they?  A view that does not say is refused to all."""

from __future__ import annotations

from flask import current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from appliance.formats.bundle import BUNDLE_MAX_BYTES
from appliance.formats.request_signature import SignedRequest, claimed_box_id, verify_request
from sync.central.administrators import find_sign_in, find_token
from sync.central.boxes import NonceTable, find_box
from sync.central.web.context import Person, centre
from sync.central.web.rights import (
    PEOPLE,
    Caller,
    NotAllowedError,
    NotSignedInError,
    allowed_callers,
)

SIGN_IN_FIELD = "sign_in"
API_BODY_MAX_BYTES = BUNDLE_MAX_BYTES
FIRST_ENDPOINTS = frozenset({"admin.password", "admin.password_change", "admin.sign_out"})

csrf = CSRFProtect()


def require_right() -> Response | None:
    """Find out who calls and raise NotAllowedError or NotSignedInError unless they may."""
    if request.endpoint is None:
        return None  # no such address: Flask answers 404
    allowed = allowed_callers(current_app.view_functions[request.endpoint])
    if request.blueprint == "api":
        request.max_content_length = API_BODY_MAX_BYTES
    else:
        csrf.protect()
    if Caller.ANYBODY in allowed:
        return None
    if Caller.BOX in allowed:
        _verify_box()
    elif Caller.OTHER_SYSTEM in allowed:
        _verify_token()
    elif allowed & PEOPLE:
        return _verify_person(allowed)
    else:
        raise NotAllowedError
    return None


def _verify_box() -> None:
    headers = dict(request.headers)
    box = find_box(centre(), claimed_box_id(headers))
    # As it came over the line: the framework's own path is decoded and no longer what was signed.
    target = str(request.environ["REQUEST_URI"])
    verify_request(
        SignedRequest(request.method, target, request.get_data()),
        headers,
        box=box,
        now_ms=centre().clock.wall_ms(),
        nonces=NonceTable(centre()),
    )
    g.box = box


def _verify_token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or find_token(centre(), token) is None:
        raise NotSignedInError


def _verify_person(allowed: frozenset[Caller]) -> Response | None:
    row = find_sign_in(centre(), str(session.get(SIGN_IN_FIELD, "")))
    if row is None:
        if request.method != "GET":
            raise NotSignedInError
        return redirect(url_for("admin.sign_in_page", next=request.full_path.rstrip("?")))
    g.person = Person(row["administrator_id"], row["name"], row["role"], row["is_one_time"])
    if row["role"] not in allowed:
        raise NotAllowedError
    if row["is_one_time"] and request.endpoint not in FIRST_ENDPOINTS:
        return redirect(url_for("admin.password"))
    return None
