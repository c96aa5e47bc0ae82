"""Checking people in, and admitting somebody who is not on the roster."""

from __future__ import annotations

from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.services.admit_walk_in import admit_walk_in
from appliance.services.show_room import show_room
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room, see_room


@see_room
def people() -> str:
    """List everybody, those who wait at a computer first."""
    view = show_room(this_box(), by_trouble=False)
    wanted = request.args.get("q", "").strip().casefold()
    seats = [
        one
        for one in view.seats
        if not wanted or wanted in f"{one.name} {one.number} {one.seat}".casefold()
    ]
    seats.sort(key=lambda one: (one.matter != "to_check_in", one.state != "expected"))
    return render_template("people.html", view=view, seats=seats, wanted=request.args.get("q", ""))


@run_room
def walk_in() -> Response:
    """Admit somebody provisionally and show the code once."""
    code = admit_walk_in(
        this_box(),
        actor=me().staff_id,
        sitting_id=request.form.get("sitting_id", ""),
        given_name=request.form.get("given_name", "")[:100],
        family_name=request.form.get("family_name", "")[:100],
        declaration=request.form.get("declaration", "")[:2000],
    )
    flash(_("Admitted provisionally. Write this code down for them: %(code)s", code=code), "info")
    return redirect(url_for("people"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/people", "people", people)
    app.add_url_rule("/people", "walk_in", walk_in, methods=["POST"])
