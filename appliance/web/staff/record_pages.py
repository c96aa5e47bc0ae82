"""Messages, irregularities and the room report."""

from __future__ import annotations

from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.room import Message, RoomState
from appliance.platform.ids import new_id
from appliance.services.box_health import box_health
from appliance.services.open_room import seal_room
from appliance.services.room_report import room_report
from appliance.services.show_room import show_room
from appliance.services.sign_in_staff import confirm_secret
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room, seal, see_room


@see_room
def messages() -> str:
    """Show what was said, and say something."""
    box = this_box()

    def see(state: RoomState, _now: Now) -> list[Message]:
        return sorted(state.messages.values(), key=lambda one: -one.sent_at_ms)

    return render_template(
        "messages.html",
        view=show_room(box, by_trouble=False),
        messages=box.open_room().writer.look(see),
        names={one.staff_id: one.name for one in box.store.staff()},
    )


@see_room
def irregularities() -> str:
    """Show what was written down, and write something down."""
    return render_template("irregularities.html", report=room_report(this_box()))


@run_room
def write_irregularity() -> Response:
    """Write something down."""
    this_box().open_room().writer.write(
        c.WriteIrregularity(
            me().staff_id,
            new_id(),
            request.form.get("attempt_id") or None,
            request.form.get("text", ""),
        )
    )
    flash(_("Written down."), "safe")
    return redirect(url_for("irregularities"))


@see_room
def report() -> str:
    """Show the room report."""
    box = this_box()
    return render_template("report.html", report=room_report(box), health=box_health(box))


@seal
def sign_report() -> Response:
    """Sign the report and close the room; asks for the PIN."""
    confirm_secret(this_box(), me(), request.form.get("secret", "")[:200])
    seal_room(this_box(), actor=me().staff_id)
    flash(_("The room is closed and its record signed. You may switch the box off."), "safe")
    return redirect(url_for("prepare"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/messages", "messages", messages)
    app.add_url_rule("/irregularities", "irregularities", irregularities)
    app.add_url_rule("/irregularities", "write_irregularity", write_irregularity, methods=["POST"])
    app.add_url_rule("/report", "report", report)
    app.add_url_rule("/report", "sign_report", sign_report, methods=["POST"])
