"""Safe Exam Browser for the exams of the room: asking for it, its files and its passwords."""

from __future__ import annotations

import segno
from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.locked_browser import read_browser_exam_keys
from appliance.services.seb_files import (
    LINK_HOURS,
    Wishes,
    allow_any_browser,
    require_seb,
    show_files,
)
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room


def _picture(link: str) -> str:
    return str(segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2))


@run_room
def locked_browser() -> str:
    """Show every exam, whether it asks for Safe Exam Browser, and the links to its files."""
    return render_template(
        "locked_browser.html", sittings=show_files(this_box()), picture=_picture, hours=LINK_HOURS
    )


@run_room
def choose_browser(sitting_id: str) -> Response:
    """Ask for Safe Exam Browser, make its files anew, or let any browser do."""
    box, actor = this_box(), me().staff_id
    if request.form.get("browser") == "seb":
        wishes = Wishes(
            browser_exam_keys=read_browser_exam_keys(request.form.get("keys", "")),
            is_encrypted=request.form.get("encrypted") == "yes",
            is_watched=request.form.get("watched") == "yes",
        )
        require_seb(box, actor=actor, sitting_id=sitting_id, wishes=wishes)
        flash(_("Whoever signs in from now on needs Safe Exam Browser with this file."), "safe")
    else:
        allow_any_browser(box, actor=actor, sitting_id=sitting_id)
        flash(_("Any browser will do from now on."), "safe")
    return redirect(url_for("locked_browser"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/locked-browser", "locked_browser", locked_browser)
    app.add_url_rule(
        "/locked-browser/<sitting_id>", "choose_browser", choose_browser, methods=["POST"]
    )
