"""The page of a box that follows another one, and the decision to take over."""

from __future__ import annotations

from flask import Flask, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from appliance.services.show_standby import show_standby
from appliance.services.take_over import take_over
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room, see_health


@see_health
def standby() -> str | Response:
    """Show how this box follows; a box that leads has its room to show."""
    if this_box().room is not None:
        return redirect(url_for("home"))
    return render_template("standby.html", view=show_standby(this_box()))


@see_health
def standby_live() -> str:
    """Give the part of the page that changes."""
    return render_template("_standby_now.html", view=show_standby(this_box()))


@run_room
def take_over_room() -> Response:
    """Lead the room from here on."""
    take_over(this_box(), actor=me().staff_id)
    flash(
        _("This box leads the room now. The computers find it by themselves within seconds."),
        "safe",
    )
    return redirect(url_for("room"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/standby", "standby", standby)
    app.add_url_rule("/standby/live", "standby_live", standby_live)
    app.add_url_rule("/standby/take-over", "take_over_room", take_over_room, methods=["POST"])
