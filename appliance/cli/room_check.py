"""`examroom doctor room`: everything a room needs, one line each."""

from __future__ import annotations

import json
from pathlib import Path

import click

from appliance.composition import box_for_a_command
from appliance.domain.errors import ExamroomError
from appliance.services.check_room import check_room
from appliance.services.judge_room import Check, CheckState, is_ready
from appliance.settings import load_settings
from appliance.web.staff.check_words import check_title, finding_words, remedy_words

_SIGNS = {
    CheckState.OK: "well   ",
    CheckState.WARNING: "look   ",
    CheckState.FAULT: "FAULT  ",
    CheckState.UNKNOWN: "unknown",
}


@click.command("room")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Data directory.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def room(context: click.Context, config: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Check everything that a room needs; status 1 when something stands in the way.

    Who follows this box and which computers report is known to the running exam server only: its
    staff page has the same list with them.
    """
    try:
        with box_for_a_command(load_settings(config, data_dir=data_dir)) as box:
            checks = check_room(box, is_serving=False)
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        context.exit(1)
    if as_json:
        click.echo(json.dumps([_as_value(one) for one in checks], ensure_ascii=False, indent=2))
    else:
        for one in checks:
            said = f"{finding_words(one)} {remedy_words(one)}".rstrip()
            click.echo(f"{_SIGNS[one.state]}  {check_title(one)}: {said}")
        click.echo("ready" if is_ready(checks) else "not ready")
    if not is_ready(checks):
        context.exit(1)


def _as_value(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "state": check.state.value,
        "finding": check.finding,
        "values": check.values,
        "sentence": finding_words(check),
        "remedy": remedy_words(check),
    }
