"""People at the centre, other systems, and the record of what was done."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from sync.central import administrators
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.rights import Caller, allows

RECORDS_SHOWN = 300


@admin.get("/people")
@allows(Caller.ADMINISTRATOR, Caller.AUDITOR)
def people() -> str:
    """List everybody."""
    return _people_page(secret=None, secret_for="")


@admin.post("/people")
@allows(Caller.ADMINISTRATOR)
def person_add() -> str:
    """Add somebody; the one-time password is shown on this page and nowhere else."""
    name = request.form.get("name", "").strip()[:100]
    role = request.form.get("role", "")
    password = administrators.add_administrator(centre(), actor=person().name, name=name, role=role)
    return _people_page(secret=password, secret_for=name)


@admin.post("/people/use")
@allows(Caller.ADMINISTRATOR)
def person_use() -> Response:
    """Keep somebody out, or let them in again."""
    administrators.set_disabled(
        centre(),
        request.form.get("name", ""),
        actor=person().name,
        is_disabled=request.form.get("is_disabled") == "1",
    )
    return redirect(url_for("admin.people"))


@admin.post("/tokens")
@allows(Caller.ADMINISTRATOR)
def token_add() -> str:
    """Make a bearer token for another system; it is shown once."""
    name = request.form.get("name", "").strip()[:100] or gettext("another system")
    token = administrators.add_token(centre(), actor=person().name, name=name)
    return _people_page(secret=token, secret_for=name)


@admin.get("/record")
@allows(Caller.ADMINISTRATOR, Caller.AUDITOR)
def record() -> str:
    """Show what was done at the centre, newest first."""
    rows = administrators.list_records(centre(), count=RECORDS_SHOWN)
    return render_template("record.html", records=rows)


def _people_page(*, secret: str | None, secret_for: str) -> str:
    return render_template(
        "people.html",
        people=administrators.list_administrators(centre()),
        roles=administrators.ROLES,
        secret=secret,
        secret_for=secret_for,
    )
