"""Safe Exam Browser at the candidates' application: its file, its first page, its last one.

docs/seb.md is the specification.  The address of a request is taken as it came, undecoded, and the
origin from the settings: the hash is over exactly what the browser asked for.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.formats.seb_exam import Seat, quit_path, start_path
from appliance.services.box import Box
from appliance.services.page_nonces import new_nonce
from appliance.services.room import SignedIn
from appliance.services.seb_files import WHOLE_SITTING, SebLinkUnfitError, fetch_file
from appliance.services.shown_hashes import Shown
from appliance.web.access import anyone
from appliance.web.boundary import is_workstation_id
from appliance.web.here import this_box

SHOWN_MAX_CHARACTERS = 2000
PAGE_HEADERS = ("X-Examroom-Page", "X-Examroom-ConfigKeyHash", "X-Examroom-RequestHash")
"""How the page shows what it asked of SEB, where requests carry no headers of SEB's own."""


def shown_hashes(environ: dict[str, Any]) -> tuple[Shown, ...]:
    """Return what a request shows of Safe Exam Browser, unchecked; mostly nothing."""
    found = []
    header = environ.get("HTTP_X_SAFEEXAMBROWSER_CONFIGKEYHASH")
    if header:
        exam_key = environ.get("HTTP_X_SAFEEXAMBROWSER_REQUESTHASH", "")
        found.append(Shown(environ.get("REQUEST_URI", ""), header, exam_key))
    page = environ.get("HTTP_X_EXAMROOM_PAGE")
    if page and len(page) <= SHOWN_MAX_CHARACTERS:
        by_page = environ.get("HTTP_X_EXAMROOM_CONFIGKEYHASH", "")
        exam_key = environ.get("HTTP_X_EXAMROOM_REQUESTHASH", "")
        found.append(Shown(page, by_page, exam_key, is_by_page=True))
    return tuple(found)


def quit_address(box: Box, signed_in: SignedIn) -> str:
    """Return where Safe Exam Browser ends, for whoever has handed in; empty for others."""

    def see(state: Any, _now: Any) -> str:
        attempt = state.attempt(signed_in.attempt_id)
        browser = state.sitting(attempt.sitting_id).locked_browser
        if browser is None or attempt.submitted_at_ms is None:
            return ""
        return str(browser.origins[0] + quit_path(browser))

    return box.open_room().writer.look(see)


@anyone
def seb_file(sitting_id: str, whom: str, ends_at_minute: str, code: str) -> Response:
    """Give a file for Safe Exam Browser to whoever has its link."""
    seat = Seat(sitting_id, "" if whom == WHOLE_SITTING else whom)
    if not re.fullmatch(r"[0-9]{1,10}", ends_at_minute):
        raise SebLinkUnfitError
    data = fetch_file(this_box(), seat, ends_at_minute=int(ends_at_minute), code=code)
    response = Response(data, mimetype="application/seb")
    response.headers["Content-Disposition"] = 'attachment; filename="exam.seb"'
    return response


@anyone
def seb_start(sitting_id: str, token: str) -> AnyResponse:
    """Open the page with a nonce of its own.  With a wrong token it has none: no sign-in there."""
    room = this_box().room
    browser = room.writer.locked_browser(sitting_id) if room else None
    fields = []
    workstation = request.args.get("workstation", "")
    if is_workstation_id(workstation):
        fields.append(f"workstation={workstation}")
    if browser and request.path == start_path(browser, sitting_id):
        fields.append(f"seb={new_nonce(browser)}")
    del token  # part of the path that was compared
    return redirect("/?" + "&".join(fields))


@anyone
def seb_quit(token: str) -> str:
    """Say goodbye; Safe Exam Browser ends when this address is opened."""
    del token
    return render_template("quit.html")


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule(
        "/seb/file/<sitting_id>/<whom>/<ends_at_minute>/<code>/exam.seb", "seb_file", seb_file
    )
    app.add_url_rule("/seb/start/<sitting_id>/<token>", "seb_start", seb_start)
    app.add_url_rule("/seb/quit/<token>", "seb_quit", seb_quit)
