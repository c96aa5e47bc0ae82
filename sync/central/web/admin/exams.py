"""Exams: upload what the importer made, see what it could not carry over."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.central.exams import add_exam, find_exam, list_exams
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.rights import Caller, allows


@admin.get("/exams")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def exams() -> str:
    """List all exams."""
    return render_template("exams.html", exams=list_exams(centre()))


@admin.post("/exams")
@allows(Caller.ADMINISTRATOR)
def exam_add() -> Response:
    """Store an uploaded exam."""
    uploaded = request.files.get("exam")
    data = uploaded.read() if uploaded else b""
    exam_id = add_exam(centre(), data, actor=person().name)
    return redirect(url_for("admin.exam", exam_id=exam_id))


@admin.get("/exams/<exam_id>")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def exam(exam_id: str) -> str:
    """Show an exam's structure, and what the import reported."""
    authored = find_exam(centre(), exam_id)
    return render_template("exam.html", exam_id=exam_id, authored=authored, exam=authored.exam)
