"""Boxes: enrol them, see when they were last heard from, take a lost one out of use."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.central import boxes as use_cases
from sync.central import room_certificates
from sync.central.box_reports import reports_by_box
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.replies import download
from sync.central.web.rights import Caller, allows

NAMES_MAX_CHARACTERS = 4000


@admin.get("/boxes")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def boxes() -> str:
    """List all boxes."""
    return _page(code=None)


def _page(*, code: str | None) -> str:
    return render_template(
        "boxes.html",
        boxes=use_cases.list_boxes(centre()),
        reports=reports_by_box(centre()),
        certificates=room_certificates.certificates_by_box(centre()),
        now_ms=centre().clock.wall_ms(),
        code=code,
    )


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
    return _page(code=code)


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


@admin.post("/boxes/<box_id>/certificate")
@allows(Caller.ADMINISTRATOR)
def box_certificate(box_id: str) -> Response:
    """Send a box a certificate for its names in the room, by the site's authority."""
    names = request.form.get("names", "")[:NAMES_MAX_CHARACTERS]
    room_certificates.send_issued(centre(), box_id, names, actor=person().name)
    return redirect(url_for("admin.boxes"))


@admin.get("/room-authority.pem")
@allows(Caller.ADMINISTRATOR)
def room_authority() -> Response:
    """Give out the root certificate that the computers of exam rooms have to trust."""
    data = centre().authority.certificate_pem
    return download(data, name="room-authority.pem", mimetype="application/x-pem-file")


@admin.get("/centre-keys.json")
@allows(Caller.ADMINISTRATOR)
def centre_keys() -> Response:
    """Give out the centre's public keys file, for a box that is enrolled by stick."""
    data = centre().identity.public.to_bytes()
    return download(data, name="centre-keys.json", mimetype="application/json")
