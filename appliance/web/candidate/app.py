"""Making the candidates' application."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, jsonify, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from appliance.domain.errors import ExamroomError
from appliance.services.box import Box
from appliance.web import shared_files
from appliance.web.access import enforce_access
from appliance.web.boundary import REQUEST_MAX_BYTES, RequestTooLargeError
from appliance.web.boxes import api as boxes
from appliance.web.candidate import (
    api,
    locked_browser,
    other_boxes,
    pages,
    seb_server,
    workstation_keys,
    workstation_reports,
)
from appliance.web.candidate.quick_saves import QuickSaves
from appliance.web.errors import sentence_for_candidate, status_of
from appliance.web.here import serve_box
from appliance.web.languages import speak
from appliance.web.limits import TooManyTriesError
from appliance.web.security import protect

FAILED_SIGN_INS = "30 per minute"
"""For one address, and only failures count: a whole room may sign in at once behind a proxy."""


def create_candidate_app(box: Box) -> Flask:
    """Return the application for candidates of `box`."""
    app = Flask("appliance.web.candidate", root_path=str(Path(__file__).parent))
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_MAX_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    serve_box(app, box)
    other_boxes.register(app)
    protect(app)
    speak(app)
    pages.register(app)
    api.register(app)
    boxes.register(app)
    shared_files.register(app)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    limited = limiter.limit(FAILED_SIGN_INS, deduct_when=lambda answer: answer.status_code >= 400)
    app.view_functions["sign_in"] = limited(api.sign_in)
    workstation_keys.register(app, limiter)
    workstation_reports.register(app, limiter)
    locked_browser.register(app)
    seb_server.register(app, limiter)
    enforce_access(app)
    app.wsgi_app = QuickSaves(app.wsgi_app, box, cookie=api.COOKIE)  # type: ignore[method-assign]
    app.register_error_handler(ExamroomError, _refused)
    app.register_error_handler(HTTPException, _not_served)
    return app


def _refused(error: ExamroomError) -> tuple[Response, int]:
    body = {"error": error.key, "message": sentence_for_candidate(error)}
    if "acknowledged" in error.fields:
        body["acknowledged"] = str(error.fields["acknowledged"])
    return jsonify(body), status_of(error)


def _not_served(error: HTTPException) -> tuple[Response, int] | HTTPException:
    if isinstance(error, TooManyRequests):
        return _refused(TooManyTriesError())
    if isinstance(error, RequestEntityTooLarge):
        return _refused(RequestTooLargeError(mebibytes_max=REQUEST_MAX_BYTES // 2**20))
    if request.path.startswith("/api/"):
        return jsonify({"error": "not_served", "message": ""}), error.code or 500
    return error
