"""What is happening in all rooms now."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.central.rooms import list_conflicts, list_rooms, settle_conflict
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.rights import Caller, allows


@admin.get("/")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def overview() -> str:
    """Show every room session: trouble first, then calm."""
    shown = request.args.get("show", "open")
    rooms = list_rooms(centre(), only_open=shown != "all")
    return render_template("overview.html", rooms=rooms, shown=shown)


@admin.get("/conflicts")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def conflicts() -> str:
    """Show where a box offered another entry than the one that is stored."""
    return render_template("conflicts.html", conflicts=list_conflicts(centre()))


@admin.post("/conflicts/<int:conflict_no>/settle")
@allows(Caller.ADMINISTRATOR)
def conflict_settle(conflict_no: int) -> Response:
    """Note that somebody has looked into a conflict; nothing stored changes."""
    settle_conflict(centre(), conflict_no, actor=person().name)
    return redirect(url_for("admin.conflicts"))
