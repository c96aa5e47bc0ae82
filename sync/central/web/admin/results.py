"""Results: how complete they are, what they are, and files of them."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.states import AttemptState
from sync.central.attachments import hand_out
from sync.central.database import write
from sync.central.exports import marking_csv, results_csv, results_json
from sync.central.results import sitting_evidence, sitting_results
from sync.central.sittings import find_sitting
from sync.central.walk_ins import decide_walk_in
from sync.central.web.admin.blueprint import admin
from sync.central.web.context import centre, person
from sync.central.web.replies import download
from sync.central.web.rights import Caller, allows


@admin.get("/sittings/<sitting_id>/results")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR)
def results(sitting_id: str) -> str:
    """Show results, and the evidence that they are complete; filters stay in the address."""
    found = sitting_results(centre(), sitting_id)
    state = request.args.get("state", "")
    wanted = request.args.get("find", "").strip().lower()
    shown = [
        result
        for result in found
        if state in {"", result.attempt["state"]}
        and wanted in " ".join(
            str(result.attempt[name]).lower() for name in ("number", "given_name", "family_name")
        )
    ]  # fmt: skip
    return render_template(
        "results.html",
        sitting=find_sitting(centre(), sitting_id),
        evidence=sitting_evidence(centre(), sitting_id),
        results=shown,
        total_count=len(found),
        state=state,
        wanted=wanted,
        states=list(AttemptState),
    )


@admin.get("/sittings/<sitting_id>/results.csv")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER)
def results_as_csv(sitting_id: str) -> Response:
    """Give out the results as a table."""
    data = results_csv(centre(), sitting_id)
    _record("results_exported", sitting_id)
    return download(data, name=f"results-{sitting_id}.csv", mimetype="text/csv")


@admin.get("/sittings/<sitting_id>/results.json")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER)
def results_as_json(sitting_id: str) -> Response:
    """Give out the results for another system."""
    data = results_json(centre(), sitting_id)
    _record("results_exported", sitting_id)
    return download(data, name=f"results-{sitting_id}.json", mimetype="application/json")


@admin.get("/sittings/<sitting_id>/marking.csv")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER)
def marking(sitting_id: str) -> Response:
    """Give out what persons mark, under codes."""
    data = marking_csv(centre(), sitting_id)
    _record("marking_exported", sitting_id)
    return download(data, name=f"marking-{sitting_id}.csv", mimetype="text/csv")


@admin.get("/sittings/<sitting_id>/uploads/<journal_id>/<sha256>")
@allows(Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER)
def upload(sitting_id: str, journal_id: str, sha256: str) -> Response:
    """Give out a candidate's file: to keep, never to show, whatever it says it is."""
    name, data = hand_out(centre(), sitting_id, (journal_id, sha256), actor=person().name)
    return download(data, name=name, mimetype="application/octet-stream")


@admin.post("/sittings/<sitting_id>/walk-ins/<journal_id>/<attempt_id>")
@allows(Caller.ADMINISTRATOR)
def walk_in_decide(sitting_id: str, journal_id: str, attempt_id: str) -> Response:
    """Accept or decline a candidate who was not on the roster."""
    decision = request.form.get("decision")
    if decision not in {"accept", "decline"}:
        abort(400)
    decide_walk_in(
        centre(),
        sitting_id,
        (journal_id, attempt_id),
        is_accepted=decision == "accept",
        actor=person().name,
    )
    return redirect(url_for("admin.results", sitting_id=sitting_id))


def _record(action: str, sitting_id: str) -> None:
    with write(centre().engine) as connection:
        centre().record(connection, person().name, action, sitting_id)
