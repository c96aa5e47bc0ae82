"""Sittings: plan one, send it, release it, print what people hold in their hands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import segno
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.central import sittings as use_cases
from sync.central.boxes import list_boxes
from sync.central.database import read
from sync.central.exams import list_exams
from sync.central.sending import release_sitting, send_sitting
from sync.central.sittings import NewSitting, SittingIncompleteError
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.rights import Caller, allows

QR_MODULE_PIXELS = 3
MINUTES_MAX_DIGITS = 4


@admin.get("/sittings")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def sittings() -> str:
    """List all sittings."""
    return render_template("sittings.html", sittings=use_cases.list_sittings(centre()))


@admin.get("/sittings/new")
@allows(Caller.ADMINISTRATOR)
def sitting_new() -> str:
    """Ask for all that a sitting needs."""
    boxes = [box for box in list_boxes(centre()) if not box["is_disabled"]]
    return render_template("sitting_new.html", exams=list_exams(centre()), boxes=boxes)


@admin.post("/sittings/new")
@allows(Caller.ADMINISTRATOR)
def sitting_add() -> Response:
    """Store a sitting."""
    form = request.form
    new = NewSitting(
        exam_id=form.get("exam_id", ""),
        title=form.get("title", "").strip(),
        room=form.get("room", "").strip(),
        box_ids=tuple(form.getlist("box_id")),
        roster=_file("roster"),
        staff=_file("staff"),
        planned_start_at_ms=_start(form.get("start", "")),
        duration_seconds=_minutes(form.get("minutes", "")),
        is_practice=form.get("is_practice") == "1",
        conduct_basis=_conduct_basis(form.get("notes_conduct"), form.get("conduct_basis", "")),
    )
    sitting_id = use_cases.add_sitting(centre(), new, actor=person().name)
    return redirect(url_for("admin.sitting", sitting_id=sitting_id))


@admin.get("/sittings/<sitting_id>")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def sitting(sitting_id: str) -> str:
    """Show a sitting and what comes next."""
    return _sitting_page(sitting_id)


@admin.post("/sittings/<sitting_id>/send")
@allows(Caller.ADMINISTRATOR)
def sitting_send(sitting_id: str) -> Response:
    """Build, seal and post what the boxes need."""
    send_sitting(centre(), sitting_id, actor=person().name)
    return redirect(url_for("admin.sitting", sitting_id=sitting_id))


@admin.post("/sittings/<sitting_id>/release")
@allows(Caller.ADMINISTRATOR)
def sitting_release(sitting_id: str) -> Response:
    """Release the exam to the boxes by a token."""
    release_sitting(centre(), sitting_id, actor=person().name)
    return redirect(url_for("admin.sitting", sitting_id=sitting_id))


@admin.post("/sittings/<sitting_id>/code")
@allows(Caller.ADMINISTRATOR)
def sitting_code(sitting_id: str) -> str:
    """Show the release code; who saw it goes on the record."""
    code = use_cases.reveal_release_code(centre(), sitting_id, actor=person().name)
    return _sitting_page(sitting_id, release_code=code)


@admin.post("/sittings/<sitting_id>/shares")
@allows(Caller.ADMINISTRATOR)
def sitting_shares(sitting_id: str) -> str:
    """Show three shares of the release code; who made them goes on the record."""
    shares = use_cases.reveal_code_shares(centre(), sitting_id, actor=person().name)
    return _sitting_page(sitting_id, shares=shares)


@admin.get("/sittings/<sitting_id>/slips")
@allows(Caller.ADMINISTRATOR)
def slips(sitting_id: str) -> str:
    """Show the slips of candidates and staff, to print."""
    revealed = use_cases.reveal_slips(centre(), sitting_id, actor=person().name)
    for candidate in revealed.candidates:
        candidate["qr"] = segno.make(candidate["code"], error="m", micro=False).svg_data_uri(
            scale=QR_MODULE_PIXELS, border=2
        )
    return render_template(
        "slips.html",
        sitting=use_cases.find_sitting(centre(), sitting_id),
        candidates=revealed.candidates,
        staff=revealed.staff,
    )


def _sitting_page(
    sitting_id: str, *, release_code: str | None = None, shares: Sequence[str] = ()
) -> str:
    row = use_cases.find_sitting(centre(), sitting_id)
    with read(centre().engine) as connection:
        conduct_basis = use_cases.conduct_basis_of(connection, sitting_id)
    return render_template(
        "sitting.html",
        sitting=row,
        conduct_basis=conduct_basis,
        boxes=use_cases.sitting_boxes_now(centre(), sitting_id),
        candidates=use_cases.candidates_of(centre(), sitting_id),
        staff=use_cases.staff_of(centre(), sitting_id),
        release_code=release_code,
        shares=shares,
    )


def _file(name: str) -> bytes:
    uploaded = request.files.get(name)
    return uploaded.read() if uploaded else b""


def _conduct_basis(is_noted: str | None, basis: str) -> str | None:
    """Read whether conduct is noted; a basis alone does not turn it on."""
    if is_noted == "1":
        return basis
    if basis.strip():
        raise SittingIncompleteError(reason="there is a basis for noting conduct, but no tick.")
    return None


def _start(text: str) -> int | None:
    """Read a start in UTC as the form field gives it; the page says that it is UTC."""
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError as problem:
        raise SittingIncompleteError(reason="the start is not a date and a time.") from problem


def _minutes(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > MINUTES_MAX_DIGITS:
        raise SittingIncompleteError(reason="the duration is not a number of minutes.")
    return int(text) * 60
