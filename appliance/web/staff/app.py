"""Making the staff application."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.wrappers import Response

from appliance.domain.errors import ExamroomError
from appliance.services.box import Box
from appliance.web import shared_files
from appliance.web.access import enforce_access
from appliance.web.boundary import REQUEST_MAX_BYTES
from appliance.web.errors import sentence_for_staff, status_of
from appliance.web.here import serve_box
from appliance.web.languages import speak
from appliance.web.limits import TooManyTriesError
from appliance.web.security import protect
from appliance.web.staff import (
    candidate_pages,
    check_pages,
    entrance,
    locked_browser_pages,
    lost_time_pages,
    people_pages,
    record_pages,
    room_pages,
    showing,
    sitting_actions,
    standby_pages,
    workstation_pages,
)
from appliance.web.staff.access import StaffSignedOutError

FAILED_SIGN_INS = "10 per minute"


def create_staff_app(box: Box, *, form_key: bytes) -> Flask:
    """Return the application for staff of `box`; `form_key` signs its form tokens."""
    app = Flask("appliance.web.staff", root_path=str(Path(__file__).parent))
    app.config.update(
        SECRET_KEY=form_key,
        SESSION_COOKIE_NAME="__Host-staff-form",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        # The default of one hour is shorter than an exam.
        WTF_CSRF_TIME_LIMIT=None,
        # TLS may end in front; Referer is never sent (Referrer-Policy), Sec-Fetch-Site is checked.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=REQUEST_MAX_BYTES,
    )
    serve_box(app, box)
    protect(app)
    speak(app)
    CSRFProtect(app)
    for pages in (
        entrance,
        room_pages,
        people_pages,
        candidate_pages,
        check_pages,
        locked_browser_pages,
        lost_time_pages,
        sitting_actions,
        record_pages,
        standby_pages,
        workstation_pages,
        showing,
        shared_files,
    ):
        pages.register(app)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    limited = limiter.limit(FAILED_SIGN_INS, deduct_when=lambda answer: answer.status_code >= 400)
    app.view_functions["sign_in"] = limited(entrance.sign_in)
    enforce_access(app)
    app.register_error_handler(ExamroomError, _refused)
    app.register_error_handler(HTTPException, _not_served)
    return app


def _refused(error: ExamroomError) -> Response | tuple[str, int]:
    """Say what is wrong where the reader was: on the page before, or on a page of its own."""
    if isinstance(error, StaffSignedOutError):
        return redirect(url_for("sign_in_page"))
    sentence = sentence_for_staff(error)
    back = request.form.get("back", "")
    if request.method == "POST" and back.startswith("/") and not back.startswith("//"):
        flash(sentence, "trouble")
        return redirect(back)
    return render_template("said.html", sentence=sentence), status_of(error)


def _not_served(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    if isinstance(error, TooManyRequests):
        return _refused(TooManyTriesError())
    return error
