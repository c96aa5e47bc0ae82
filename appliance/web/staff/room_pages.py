"""The room view: everything at a glance, trouble on top, kept fresh by itself."""

from __future__ import annotations

from typing import Any

from flask import Flask, render_template, request

from appliance.services.box_health import box_health
from appliance.services.show_room import show_room
from appliance.web.here import this_box
from appliance.web.staff.access import see_room
from appliance.web.staff.next_step import next_step

LATELY_MAX = 12


def _context() -> dict[str, Any]:
    box = this_box()
    room = box.open_room()
    by_trouble = request.args.get("order") != "seats"
    view = show_room(box, by_trouble=by_trouble)
    health = box_health(box)
    chosen = view.seat_of(request.args.get("seat", ""))
    lately = room.queries.entries_about(chosen.attempt_id, LATELY_MAX) if chosen is not None else []
    names = {one.staff_id: one.name for one in box.store.staff()}
    return {
        "view": view,
        "health": health,
        "step": next_step(view, health),
        "chosen": chosen,
        "lately": lately,
        "names": names,
        "by_trouble": by_trouble,
        "here": request.full_path.rstrip("?") if request.endpoint == "room" else "/room",
    }


@see_room
def room() -> str:
    """Show the room."""
    return render_template("room.html", **_context())


@see_room
def live() -> str:
    """Give the parts of the room view that change."""
    return render_template("_live.html", **_context())


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/room", "room", room)
    app.add_url_rule("/room/live", "live", live)
