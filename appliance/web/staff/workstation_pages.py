"""The computers candidates sit at: how they are, and letting them go."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.rights import Right
from appliance.services.check_browser import who_writes_outside
from appliance.services.seb_clients import lock, settle
from appliance.services.show_conduct import show_conduct
from appliance.services.show_workstations import WorkstationView, show_workstations
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import may, run_room, see_health


def _context() -> dict[str, Any]:
    box = this_box()
    with_conduct = may(Right.SEE_CONDUCT)
    return {
        "shown": show_workstations(box, with_conduct=with_conduct),
        "conduct": show_conduct(box) if with_conduct else (),
        "all_released": box.workstations.all_released,
        "notice_words": notice_words,
        "outside": who_writes_outside(box),
    }


def notice_words(name: str, view: WorkstationView) -> str:
    """Return what is to be looked at, and at what."""
    report = view.workstation.report
    return {
        "lost": _("not heard from: see that it is on and connected"),
        "hand": _("asks for help"),
        "lock_screen": _("shows its lock screen"),
        "unreadable": _("keeps older work that this box cannot open: call the technician"),
        "virtual_machine": _("runs inside another computer: %(n)s", n=report.virtual_machine),
        "displays": _("%(n)s displays", n=report.displays_count),
        "plugged": _("plugged in: %(names)s", names=", ".join(report.plugged)),
        "battery": _("battery low: connect its charger"),
    }[name]


@see_health
def workstations() -> str:
    """Show every workstation that has reported."""
    return render_template("workstations.html", **_context())


@see_health
def workstations_live() -> str:
    """Give the part of the page that changes."""
    return render_template("_workstations_now.html", **_context())


@run_room
def release_workstation(workstation_id: str) -> Response:
    """Let one workstation go, or take that back."""
    released = request.form.get("released") == "yes"
    this_box().workstations.release(workstation_id, released=released)
    return redirect(url_for("workstations"))


@run_room
def release_all_workstations() -> Response:
    """Let all workstations go, or take that back."""
    released = request.form.get("released") == "yes"
    this_box().workstations.release_all(released=released)
    if released:
        flash(_("All computers of the room are released within seconds."), "safe")
    return redirect(url_for("workstations"))


@run_room
def restart_workstation_browser(workstation_id: str) -> Response:
    """Have a workstation start its browser anew; what was written stays on it."""
    this_box().workstations.restart_browser(workstation_id)
    flash(_("The browser there starts again within seconds. Nothing written is lost."), "info")
    return redirect(url_for("workstations"))


@run_room
def lock_workstation(workstation_id: str) -> Response:
    """Have a Safe Exam Browser show its lock screen."""
    lock(this_box(), workstation_id, message=_("The invigilator has locked this computer."))
    flash(_("It locks within seconds. What is written there stays."), "info")
    return redirect(url_for("workstations"))


@run_room
def settle_workstation(workstation_id: str) -> Response:
    """Tell a Safe Exam Browser that what it asked is settled, or that it may unlock."""
    what = request.form.get("what", "")
    if what in {"hand", "lock_screen"}:
        settle(this_box(), workstation_id, what)
    return redirect(url_for("workstations"))


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/workstations", "workstations", workstations)
    app.add_url_rule("/workstations/live", "workstations_live", workstations_live)
    app.add_url_rule(
        "/workstations/release",
        "release_all_workstations",
        release_all_workstations,
        methods=["POST"],
    )
    for path, view in (
        ("release", release_workstation),
        ("restart-browser", restart_workstation_browser),
        ("lock", lock_workstation),
        ("settle", settle_workstation),
    ):
        app.add_url_rule(
            f"/workstations/<workstation_id>/{path}", view.__name__, view, methods=["POST"]
        )
