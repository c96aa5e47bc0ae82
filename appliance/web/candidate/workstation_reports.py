"""Where workstations report, version 1.  docs/kiosk-protocol.md is the specification."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from flask import Flask, Response, jsonify, request
from flask_limiter import Limiter
from pydantic import Field, StringConstraints

from appliance.domain.conduct import BLOCKED_KEYS_COUNT_MAX
from appliance.services.workstations import Report, UnsentWork
from appliance.web.access import anyone
from appliance.web.boundary import RequestMalformedError, Strict, is_workstation_id, read_body
from appliance.web.here import this_box

REPORT_MAX_BYTES = 4096
REPORTS = "2000 per minute"
"""For one address: a whole room may stand behind one, and one report is a short look-up."""

Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Percent = Annotated[int, Field(ge=0, le=100)]


class ReportBody(Strict):
    """What a workstation says of itself; what it cannot tell is left out."""

    kind: Literal["kiosk", "seb"]
    version: Short
    name: Short
    battery_percent: Percent | None = None
    is_charging: bool | None = None
    network: Short = ""
    wireless_percent: Percent | None = None
    displays_count: Annotated[int, Field(ge=0, le=16)] | None = None
    virtual_machine: Short = ""
    plugged: Annotated[tuple[Short, ...], Field(max_length=8)] = ()
    unsent_work: UnsentWork | None = None
    conduct: Annotated[str, StringConstraints(max_length=32, pattern=r"^[0-9a-z]*$")] = ""
    blocked_keys_count: Annotated[int, Field(ge=0, le=BLOCKED_KEYS_COUNT_MAX)] | None = None

    def as_report(self) -> Report:
        """Return the service's form."""
        return Report(**self.model_dump())


@anyone
def report(workstation_id: str) -> Response:
    """Take what a workstation says of itself and answer what is wanted of it."""
    request.max_content_length = REPORT_MAX_BYTES
    if not is_workstation_id(workstation_id):
        raise RequestMalformedError
    box = this_box()
    wanted = box.workstations.heard(
        workstation_id,
        read_body(ReportBody).as_report(),
        address=request.remote_addr or "",
        now_ms=box.clock.monotonic_ms(),
    )
    return jsonify(asdict(wanted))


def register(app: Flask, limiter: Limiter) -> None:
    """Put the address on the candidates' application."""
    app.add_url_rule(
        "/api/v1/workstations/<workstation_id>/report",
        "workstation_report",
        limiter.limit(REPORTS)(report),
        methods=["POST"],
    )
