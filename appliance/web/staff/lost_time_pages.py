"""Lost time: every outage of the room, and the word about it that stays on the record."""

from __future__ import annotations

from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.time_commands import DecideLostTime
from appliance.services.show_lost_time import show_box_outages, show_lost_time
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room, see_room
from appliance.web.staff.form_fields import whole_number

REASON_MAX_CHARACTERS = 300


@see_room
def lost_time() -> str:
    """Show every outage, whom it touched and what was decided."""
    box = this_box()
    return render_template(
        "lost_time.html",
        outages=show_lost_time(box),
        box_outages=show_box_outages(box),
        names={one.staff_id: one.name for one in box.store.staff()},
    )


@run_room
def decide_lost_time() -> Response:
    """Give lost time back to those who are named, or decline it for them."""
    granted = request.form.get("decision") == "give"
    own_seconds = whole_number("seconds") if request.form.get("seconds", "").strip() else None
    this_box().open_room().writer.write(
        DecideLostTime(
            me().staff_id,
            tuple(request.form.getlist("lost_id")),
            granted=granted,
            seconds=own_seconds,
            reason=request.form.get("reason", "")[:REASON_MAX_CHARACTERS],
        )
    )
    flash(_("The time was given back.") if granted else _("Declined, and noted."), "safe")
    back = request.form.get("back", "")
    inside = back.startswith("/") and not back.startswith("//")
    return redirect(back if inside else url_for("lost_time"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/lost-time", "lost_time", lost_time)
    app.add_url_rule("/lost-time", "decide_lost_time", decide_lost_time, methods=["POST"])
