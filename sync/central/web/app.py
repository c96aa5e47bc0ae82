"""The Flask application of the centre, with every protection said explicitly."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, g, render_template, request
from flask_babel import Babel, format_datetime, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from appliance.domain.errors import (
    ConflictError,
    CorruptionError,
    ExamroomError,
    InvalidInputError,
    NotFoundError,
    PermanentSyncError,
    RefusedError,
    TransientError,
)
from appliance.formats.request_signature import RequestOutOfTimeError, RequestUnsignedError
from appliance.formats.signing import SignatureWrongError
from sync.central.boxes import BoxUnknownError
from sync.central.centre import Centre
from sync.central.web.admin import admin
from sync.central.web.api import api
from sync.central.web.context import EXTENSION, centre
from sync.central.web.guard import csrf, require_right
from sync.central.web.replies import canonical
from sync.central.web.rights import NotSignedInError
from sync.central.web.throttle import limiter

UPLOAD_MAX_BYTES = 512 * 1024 * 1024
FIELD_MAX_BYTES = 4 * 1024 * 1024
SIGN_IN_COOKIE = "__Host-examroom-centre"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What HTTP calls the families of operating errors; the first that fits counts.
STATUSES: tuple[tuple[type[ExamroomError], int], ...] = (
    (NotSignedInError, 401),
    (RequestUnsignedError, 401),
    (RequestOutOfTimeError, 401),
    (BoxUnknownError, 401),
    (SignatureWrongError, 401),
    (NotFoundError, 404),
    (ConflictError, 409),
    (PermanentSyncError, 409),
    (InvalidInputError, 400),
    (CorruptionError, 400),
    (TransientError, 503),
    (RefusedError, 403),
)

_log = structlog.get_logger()


def create_app(built: Centre) -> Flask:
    """Return the application for one centre."""
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = built
    app.config.update(
        SECRET_KEY=hashlib.sha256(b"cookie\x00" + built.web_key).digest(),
        SESSION_COOKIE_NAME=SIGN_IN_COOKIE,  # __Host-: this host only, never a sibling's
        SESSION_COOKIE_SECURE=True,  # browsers treat loopback as secure, so the demo works too
        SESSION_COOKIE_HTTPONLY=True,  # no script reads it
        SESSION_COOKIE_SAMESITE="Strict",  # no other site's form carries it
        SESSION_COOKIE_PATH="/",  # __Host- requires it
        SESSION_COOKIE_DOMAIN=None,  # __Host- forbids one
        MAX_CONTENT_LENGTH=UPLOAD_MAX_BYTES,  # an authored exam with film; the API has its own
        MAX_FORM_MEMORY_SIZE=FIELD_MAX_BYTES,  # a field that is no file
        WTF_CSRF_TIME_LIMIT=None,  # as long as the sign-in: a plan may take a morning to fill in
        WTF_CSRF_SSL_STRICT=False,  # TLS may end in front; SameSite=Strict and the token remain
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard checks all pages; boxes and systems sign
        BABEL_DEFAULT_LOCALE="en_GB",
    )
    Babel(app)
    csrf.init_app(app)
    limiter.init_app(app)
    app.register_blueprint(api)
    app.register_blueprint(admin)
    app.before_request(require_right)
    app.after_request(add_headers)
    app.register_error_handler(ExamroomError, show_error)
    app.register_error_handler(CSRFError, show_csrf_error)
    app.register_error_handler(HTTPException, show_http_error)
    app.context_processor(page_context)
    app.add_template_filter(shown_time, "time")
    return app


def page_context() -> dict[str, object]:
    """Return what every page shows."""
    return {
        "centre_name": centre().identity.public.name,
        "person": g.get("person"),
        "now_ms": centre().clock.wall_ms(),
    }


def shown_time(at_ms: int | None) -> str:
    """Write a time as the reader's language does; nothing yet is a dash."""
    if at_ms is None:
        return "–"
    return str(format_datetime(datetime.fromtimestamp(at_ms / 1000, tz=UTC), "d MMM y HH:mm:ss"))


def add_headers(reply: Response) -> Response:
    """Protect every reply; only our own static files may be kept."""
    for name, value in SECURITY_HEADERS.items():
        reply.headers.setdefault(name, value)
    if not (request.endpoint or "").endswith("_file"):
        reply.headers["Cache-Control"] = "no-store"
    return reply


def show_error(problem: ExamroomError) -> tuple[str, int] | AnyResponse:
    """Answer with the error's sentence: as JSON to machines, as a page to people."""
    status = next((code for family, code in STATUSES if isinstance(problem, family)), 400)
    _log.info("refused", error_key=problem.key, path=request.path, status=status)
    if request.blueprint != "api":
        return _error_page(gettext(str(problem)), status)
    reply: dict[str, object] = {"key": problem.key, "message": str(problem)}
    if isinstance(problem, RequestOutOfTimeError):
        reply["centre_at_ms"] = centre().clock.wall_ms()
    return canonical(reply, status=status)


def show_csrf_error(_problem: CSRFError) -> tuple[str, int]:
    """Explain what a missing or foreign form token means."""
    sentence = gettext("This form is out of date. Go back, load the page and try again.")
    return _error_page(sentence, 400)


def show_http_error(problem: HTTPException) -> tuple[str, int] | AnyResponse:
    """Answer what Flask refuses by itself in the same two forms."""
    status = problem.code or 500
    if request.path.startswith("/api/"):
        return canonical({"key": f"http_{status}", "message": problem.name}, status=status)
    sentences = {
        404: gettext("There is no such page."),
        413: gettext("This file is too large."),
        429: gettext("Too many attempts. Wait a minute and try again."),
    }
    return _error_page(sentences.get(status, problem.name), status)


def _error_page(sentence: str, status: int) -> tuple[str, int]:
    return render_template("error.html", sentence=sentence), status
