"""Boxes: enrol them, see when they were last heard from, take a lost one out of use."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.central import boxes as use_cases
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.replies import download
from sync.central.web.rights import Caller, allows


@admin.get("/boxes")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def boxes() -> str:
    """List all boxes."""
    return render_template("boxes.html", boxes=use_cases.list_boxes(centre()), code=None)


@admin.post("/boxes/codes")
@allows(Caller.ADMINISTRATOR)
def box_code() -> str:
    """Make a one-time code; it is shown on this page and nowhere else."""
    code = use_cases.create_enrolment_code(
        centre(),
        actor=person().name,
        name=request.form.get("name", "").strip() or "Box",
        room=request.form.get("room", "").strip(),
    )
    return render_template("boxes.html", boxes=use_cases.list_boxes(centre()), code=code)


@admin.post("/boxes/keys")
@allows(Caller.ADMINISTRATOR)
def box_keys() -> Response:
    """Enrol the box of an uploaded public keys file."""
    uploaded = request.files.get("keys")
    use_cases.enrol_with_file(
        centre(),
        uploaded.read() if uploaded else b"",
        actor=person().name,
        name=request.form.get("name", "").strip(),
        room=request.form.get("room", "").strip(),
    )
    return redirect(url_for("admin.boxes"))


@admin.post("/boxes/<box_id>/use")
@allows(Caller.ADMINISTRATOR)
def box_use(box_id: str) -> Response:
    """Take a box out of use, or back into it."""
    in_use = request.form.get("in_use") == "1"
    use_cases.set_box_use(centre(), box_id, actor=person().name, in_use=in_use)
    return redirect(url_for("admin.boxes"))


@admin.get("/centre-keys.json")
@allows(Caller.ADMINISTRATOR)
def centre_keys() -> Response:
    """Give out the centre's public keys file, for a box that is enrolled by stick."""
    data = centre().identity.public.to_bytes()
    return download(data, name="centre-keys.json", mimetype="application/json")
