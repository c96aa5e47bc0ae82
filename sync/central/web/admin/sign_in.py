"""Signing in and out, the own password, and the files that every page needs."""

from __future__ import annotations

from pathlib import Path

from flask import redirect, render_template, request, send_from_directory, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

import appliance.rendering
from sync.central import administrators
from sync.central.administrators import PasswordUnfitError, SignInWrongError
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.guard import SIGN_IN_FIELD
from sync.central.web.rights import Caller, allows
from sync.central.web.throttle import SIGN_INS, address_and_name, limiter

KEPT_SECONDS = 3600

_STATIC = Path(__file__).parent.parent / "static"
_BASE = Path(next(iter(appliance.rendering.__path__))) / "static" / "base"


@admin.get("/static/<path:name>")
@allows(Caller.ANYBODY)
def static_file(name: str) -> Response:
    """Return a style or script of the centre."""
    return send_from_directory(_STATIC, name, max_age=KEPT_SECONDS)


@admin.get("/base/<path:name>")
@allows(Caller.ANYBODY)
def base_file(name: str) -> Response:
    """Return the design tokens or the typeface, which box and centre share."""
    return send_from_directory(_BASE, name, max_age=KEPT_SECONDS)


@admin.get("/sign-in")
@allows(Caller.ANYBODY)
def sign_in_page() -> str:
    """Ask for name and password."""
    return render_template("sign_in.html", problem=None, name="")


@admin.post("/sign-in")
@allows(Caller.ANYBODY)
@limiter.limit(SIGN_INS, key_func=address_and_name)
def sign_in() -> Response | tuple[str, int]:
    """Sign somebody in."""
    name = request.form.get("name", "").strip()
    try:
        token = administrators.sign_in(centre(), name, request.form.get("password", ""))
    except SignInWrongError as problem:
        shown = gettext(str(problem))
        return render_template("sign_in.html", problem=shown, name=name), 403
    session.clear()  # a new sign-in shares nothing with what the browser had before
    session[SIGN_IN_FIELD] = token
    return redirect(_own_address(request.args.get("next", "")))


@admin.post("/sign-out")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def sign_out() -> Response:
    """End the sign-in, here and in the database."""
    administrators.sign_out(centre(), str(session.get(SIGN_IN_FIELD, "")))
    session.clear()
    return redirect(url_for("admin.sign_in_page"))


@admin.get("/password")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def password() -> str:
    """Ask for a new password."""
    return render_template("password.html", problem=None)


@admin.post("/password")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def password_change() -> Response | tuple[str, int]:
    """Set the new password; every sign-in of this person ends."""
    new = request.form.get("password", "")
    if new != request.form.get("repeated", ""):
        shown = gettext("The two passwords differ. Please type them again.")
        return render_template("password.html", problem=shown), 400
    try:
        administrators.change_password(centre(), person().administrator_id, new)
    except PasswordUnfitError as problem:
        return render_template("password.html", problem=gettext(str(problem))), 400
    session.clear()
    return redirect(url_for("admin.sign_in_page"))


def _own_address(wanted: str) -> str:
    """Return where to go after signing in: a path of ours, never another site."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_own else url_for("admin.overview")
