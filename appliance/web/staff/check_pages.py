"""The page “Check the room”: the list of `examroom doctor room`, by the box that serves."""

from __future__ import annotations

from flask import Flask, render_template

from appliance.services.check_room import check_room
from appliance.services.judge_room import is_ready
from appliance.web.here import this_box
from appliance.web.staff.access import see_health
from appliance.web.staff.check_words import check_title, finding_words, remedy_words


@see_health
def room_check() -> str:
    """Check everything that the room needs."""
    box = this_box()
    checks = check_room(box, is_serving=True)
    return render_template(
        "check.html",
        checks=checks,
        ready=is_ready(checks),
        now_ms=box.clock.wall_ms(),
        check_title=check_title,
        finding_words=finding_words,
        remedy_words=remedy_words,
    )


def register(app: Flask) -> None:
    """Put this address on the application."""
    app.add_url_rule("/check", "room_check", room_check)
