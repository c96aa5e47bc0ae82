"""Signing in and out, opening the room, and the address candidates need."""

from __future__ import annotations

import io

import segno
from flask import Flask, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.domain.rights import Right
from appliance.services.box_health import box_health
from appliance.services.closed_rooms import closed_rooms
from appliance.services.loadtest import show_loadtest, start_loadtest
from appliance.services.look_after_update import restart_into_update, show_update
from appliance.services.open_room import open_room, planned_sittings
from appliance.services.sign_in_staff import sign_in_staff, sign_out_staff
from appliance.web.access import anyone
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff import access
from appliance.web.staff.access import COOKIE, me, see_health, see_room, token
from appliance.web.staff.loadtest_words import figure_lines, remedy


@anyone
def sign_in_page() -> str:
    """Ask for name and PIN."""
    return render_template("sign_in.html", staff=this_box().store.staff(), said="")


@anyone
def sign_in() -> AnyResponse:
    """Take name and PIN, give a cookie."""
    new_token = sign_in_staff(
        this_box(),
        staff_id=request.form.get("staff_id", ""),
        secret=request.form.get("secret", "")[:200],
    )
    response = make_response(redirect(url_for("home")))
    response.set_cookie(COOKIE, new_token, secure=True, httponly=True, samesite="Strict", path="/")
    return response


@see_health
def sign_out() -> AnyResponse:
    """Forget the cookie."""
    sign_out_staff(this_box(), token(), me().staff_id)
    response = make_response(redirect(url_for("sign_in_page")))
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response


@see_health
def home() -> AnyResponse:
    """Go where the work is."""
    if me().role == "technician":
        return redirect(url_for("health"))
    if this_box().room is not None:
        return redirect(url_for("room"))
    return redirect(url_for("standby" if stands_by() else "prepare"))


def stands_by() -> bool:
    """Say whether this box follows another one, or is there to do so."""
    box = this_box()
    if box.room is not None:
        return False
    return bool(box.following or box.retired or box.settings.standby_of)


@see_room
def prepare() -> str:
    """Show what the centre has sent, and open the room."""
    box = this_box()
    sittings = [
        (one, box.store.package(one.sitting["package_id"])) for one in planned_sittings(box)
    ]
    return render_template("prepare.html", sittings=sittings, closed=closed_rooms(box))


@access.run_room
def open_the_room() -> AnyResponse:
    """Open the room for the chosen sittings."""
    open_room(
        this_box(),
        actor=me().staff_id,
        sitting_ids=request.form.getlist("sitting_id"),
        practice="practice" in request.form,
    )
    flash(_("The room is open. Candidates can sign in."), "safe")
    return redirect(url_for("room"))


@see_health
def health() -> str:
    """Show how the box is."""
    box = this_box()
    return render_template(
        "health.html",
        health=box_health(box),
        closed=closed_rooms(box),
        now_ms=box.clock.wall_ms(),
        box=box,
        loadtest=show_loadtest(box.settings),
        figure_lines=figure_lines,
        remedy=remedy,
        update=show_update(box),
    )


@access.restart_box
def restart_the_box() -> AnyResponse:
    """Restart the machine into the version that was installed."""
    restart_into_update(this_box())
    flash(_("The box restarts with the new version. Load this page again in two minutes."), "safe")
    return redirect(url_for("health"))


@see_health
def run_the_loadtest() -> AnyResponse:
    """Play a full room against this box, beside it."""
    start_loadtest(this_box())
    flash(_("The load test runs. Load this page again in half a minute."), "safe")
    return redirect(url_for("health"))


@see_health
def address() -> str:
    """Show the address of the room for the wall, large."""
    return render_template("address.html", address=candidate_address())


@see_health
def address_picture() -> Response:
    """Give the address as a QR code."""
    picture = io.BytesIO()
    segno.make(candidate_address(), error="m").save(picture, kind="svg", scale=10, border=2)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def candidate_address() -> str:
    """Return the address candidates open."""
    settings = this_box().settings
    if settings.public_origin:
        return settings.public_origin
    host = request.host.rpartition(":")[0] or request.host
    return f"{request.scheme}://{host}:{settings.candidate_port}"


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/sign-in", "sign_in_page", sign_in_page)
    app.add_url_rule("/sign-in", "sign_in", sign_in, methods=["POST"])
    app.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/prepare", "prepare", prepare)
    app.add_url_rule("/prepare", "open_the_room", open_the_room, methods=["POST"])
    app.add_url_rule("/box", "health", health)
    app.add_url_rule("/box/loadtest", "run_the_loadtest", run_the_loadtest, methods=["POST"])
    app.add_url_rule("/box/restart", "restart_the_box", restart_the_box, methods=["POST"])
    app.add_url_rule("/address", "address", address)
    app.add_url_rule("/address.svg", "address_picture", address_picture)
    app.jinja_env.globals.update(
        me=me,
        room_name=lambda: this_box().settings.room,
        room_open=lambda: this_box().room is not None,
        stands_by=stands_by,
        candidate_address=candidate_address,
    )
    app.jinja_env.globals["may"] = access.may
    app.jinja_env.globals["Right"] = Right
