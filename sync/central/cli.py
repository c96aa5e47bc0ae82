"""`examroom-central`: make a centre, run it, and do without a browser what its pages do.

Every command that tells something prints JSON with `--json`, for scripts and for the demo.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import load_recovery_key
from sync.central import (
    administrators,
    boxes,
    exams,
    sending,
    sittings,
    stick,
)
from sync.central.centre import Centre, create_centre
from sync.central.certificate_commands import CERTIFICATE_COMMANDS
from sync.central.command_parts import (
    ACTOR,
    DATA,
    DATABASE,
    FILE,
    FOLDER,
    JSON,
    open_at,
    tell,
)
from sync.central.disk_key_command import disk_key_command
from sync.central.exports import marking_csv, results_csv, results_json
from sync.central.intake import fold_anew
from sync.central.reach import record_reach
from sync.central.rescue import rescue_journal
from sync.central.server import serve_centre
from sync.central.sittings import NewSitting
from sync.central.update_commands import UPDATE_COMMANDS
from sync.central.wipe_commands import check_wipe_command

_SITTING = click.option("--sitting", "sitting_id", required=True, help="Id of the sitting.")
_STICK = click.option(
    "--stick",
    "stick_dir",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the stick is mounted.",
)


@click.group()
def commands() -> None:
    """The centre: exams out to rooms, results back."""


@commands.command()
@DATA
@DATABASE
@JSON
@click.option("--name", default="Centre", help="Name of the centre, shown on every page.")
@click.option("--administrator", default="administrator", help="Name of the first administrator.")
def init(
    data_dir: Path, database_url: str | None, as_json: bool, name: str, administrator: str
) -> None:
    """Make the keys, the database and the first administrator with a one-time password."""
    create_centre(data_dir, name)
    centre = open_at(data_dir, database_url)
    password = administrators.add_administrator(
        centre, actor=ACTOR, name=administrator, role="administrator"
    )
    tell(
        as_json,
        centre_id=centre.identity.id,
        administrator=administrator,
        one_time_password=password,
    )
    if not as_json:
        click.echo("Carry keys/recovery.key to a safe place and delete it here.")


@commands.command()
@DATA
@DATABASE
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8500, type=click.IntRange(1, 65535), help="Port to listen on.")
def serve(data_dir: Path, database_url: str | None, host: str, port: int) -> None:
    """Serve the pages and the API until stopped."""
    serve_centre(open_at(data_dir, database_url), host=host, port=port)


@commands.command("add-administrator")
@DATA
@DATABASE
@JSON
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(administrators.ROLES))
def add_administrator(
    data_dir: Path, database_url: str | None, as_json: bool, name: str, role: str
) -> None:
    """Add a person with a one-time password."""
    centre = open_at(data_dir, database_url)
    password = administrators.add_administrator(centre, actor=ACTOR, name=name, role=role)
    tell(as_json, name=name, role=role, one_time_password=password)


@commands.command("set-password")
@DATA
@DATABASE
@click.option("--name", required=True)
def set_password(data_dir: Path, database_url: str | None, name: str) -> None:
    """Set a person's password, read from standard input."""
    centre = open_at(data_dir, database_url)
    person = administrators.find_administrator(centre, name)
    password = sys.stdin.readline().rstrip("\n")
    administrators.change_password(centre, person["administrator_id"], password)


@commands.command("add-token")
@DATA
@DATABASE
@JSON
@click.option("--name", required=True, help="Name of the other system.")
def add_token(data_dir: Path, database_url: str | None, as_json: bool, name: str) -> None:
    """Make a bearer token with which another system reads results."""
    token = administrators.add_token(open_at(data_dir, database_url), actor=ACTOR, name=name)
    tell(as_json, name=name, token=token)


@commands.command("add-exam")
@DATA
@DATABASE
@JSON
@click.argument("exam", type=FILE)
def add_exam(data_dir: Path, database_url: str | None, as_json: bool, exam: Path) -> None:
    """Store an authored exam (`*.exam`)."""
    exam_id = exams.add_exam(open_at(data_dir, database_url), exam.read_bytes(), actor=ACTOR)
    tell(as_json, exam_id=exam_id)


@commands.command("enrol-box")
@DATA
@DATABASE
@JSON
@click.option("--keys", required=True, type=FILE, help="The box's public keys file.")
@click.option("--name", default="", help="Name of the box; without it the one in the file.")
@click.option("--room", default="", help="Where the box stands.")
def enrol_box(
    data_dir: Path, database_url: str | None, as_json: bool, keys: Path, name: str, room: str
) -> None:
    """Enrol a box from its public keys file."""
    centre = open_at(data_dir, database_url)
    box_id = boxes.enrol_with_file(centre, keys.read_bytes(), actor=ACTOR, name=name, room=room)
    tell(as_json, box_id=box_id)


@commands.command("enrolment-code")
@DATA
@DATABASE
@JSON
@click.option("--name", default="Box", help="Name of the box.")
@click.option("--room", default="", help="Where the box stands.")
def enrolment_code(
    data_dir: Path, database_url: str | None, as_json: bool, name: str, room: str
) -> None:
    """Make a one-time code with which one box enrols by network."""
    centre = open_at(data_dir, database_url)
    code = boxes.create_enrolment_code(centre, actor=ACTOR, name=name, room=room)
    tell(as_json, code=code)


@commands.command("add-sitting")
@DATA
@DATABASE
@JSON
@click.option("--exam", "exam_id", required=True)
@click.option("--title", default="", help="Without it the exam's title.")
@click.option("--room", required=True)
@click.option("--box", "box_ids", required=True, multiple=True, help="Once for each box.")
@click.option("--roster", required=True, type=FILE, help="Candidates as CSV.")
@click.option("--staff", required=True, type=FILE, help="Staff as CSV: name, role.")
@click.option("--start", help="Planned start, ISO 8601 with its time zone.")
@click.option("--minutes", type=click.IntRange(1, 1440), help="Duration, else the exam's own.")
@click.option("--practice", is_flag=True, help="A practice sitting: no results of it count.")
@click.option("--conduct-basis", help="Have conduct noted, on this basis; else it is not.")
def add_sitting(  # noqa: PLR0913, PLR0917 - one parameter for each option
    data_dir: Path,
    database_url: str | None,
    as_json: bool,
    exam_id: str,
    title: str,
    room: str,
    box_ids: tuple[str, ...],
    roster: Path,
    staff: Path,
    start: str | None,
    minutes: int | None,
    practice: bool,
    conduct_basis: str | None,
) -> None:
    """Plan a sitting."""
    new = NewSitting(
        exam_id=exam_id,
        title=title,
        room=room,
        box_ids=box_ids,
        roster=roster.read_bytes(),
        staff=staff.read_bytes(),
        planned_start_at_ms=_milliseconds(start),
        duration_seconds=minutes * 60 if minutes else None,
        is_practice=practice,
        conduct_basis=conduct_basis,
    )
    sitting_id = sittings.add_sitting(open_at(data_dir, database_url), new, actor=ACTOR)
    tell(as_json, sitting_id=sitting_id)


@commands.command()
@DATA
@DATABASE
@_SITTING
@JSON
def send(data_dir: Path, database_url: str | None, sitting_id: str, as_json: bool) -> None:
    """Send a sitting to its boxes; print what its people need."""
    centre = open_at(data_dir, database_url)
    sending.send_sitting(centre, sitting_id, actor=ACTOR)
    _tell_slips(centre, sitting_id, as_json)


@commands.command()
@DATA
@DATABASE
@_SITTING
@JSON
def slips(data_dir: Path, database_url: str | None, sitting_id: str, as_json: bool) -> None:
    """Print codes and PINs of a sitting, and its release code; this goes on the record."""
    _tell_slips(open_at(data_dir, database_url), sitting_id, as_json)


@commands.command()
@DATA
@DATABASE
@_SITTING
def release(data_dir: Path, database_url: str | None, sitting_id: str) -> None:
    """Release the exam of a sitting to its boxes by a token."""
    sending.release_sitting(open_at(data_dir, database_url), sitting_id, actor=ACTOR)


@commands.command()
@DATA
@DATABASE
@_SITTING
@click.option("--as", "kind", type=click.Choice(["csv", "json", "marking"]), default="json")
def results(data_dir: Path, database_url: str | None, sitting_id: str, kind: str) -> None:
    """Print the results of a sitting."""
    write_as = {"csv": results_csv, "json": results_json, "marking": marking_csv}[kind]
    click.echo(write_as(open_at(data_dir, database_url), sitting_id), nl=False)


@commands.command("import-bundles")
@DATA
@DATABASE
@_STICK
@JSON
def import_bundles(
    data_dir: Path, database_url: str | None, stick_dir: Path, as_json: bool
) -> None:
    """Take the bundles and candidates' files of a stick in and write receipts to it."""
    centre = open_at(data_dir, database_url)
    imported = stick.import_bundles(centre, stick_dir)
    files = stick.import_attachments(centre, stick_dir)
    refused = imported.refused | files.refused
    tell(
        as_json,
        verdicts=imported.verdicts,
        files=files.verdicts,
        refused=refused,
        rooms=record_reach(centre, imported.journal_ids),
    )
    if refused:
        sys.exit(1)


@commands.command("export-mailbox")
@DATA
@DATABASE
@_STICK
@JSON
@click.option("--box", "box_id", required=True)
def export_mailbox(
    data_dir: Path, database_url: str | None, stick_dir: Path, as_json: bool, box_id: str
) -> None:
    """Write what waits for a box to a stick."""
    count = stick.export_mailbox(open_at(data_dir, database_url), box_id, stick_dir)
    tell(as_json, documents=count)


@commands.command()
@DATA
@DATABASE
@JSON
@click.option("--recovery", required=True, type=FOLDER, help="Folder that holds recovery.key.")
@click.option("--copy", required=True, type=FILE, help="The *.recovery file beside the journal.")
@click.option("--box", "box_id", required=True, help="Id of the box the disk is from.")
@click.argument("journal", type=FILE)
def rescue(  # noqa: PLR0913, PLR0917 - one parameter for each option
    data_dir: Path,
    database_url: str | None,
    as_json: bool,
    recovery: Path,
    copy: Path,
    box_id: str,
    journal: Path,
) -> None:
    """Take in a journal from the disk of a dead box, and candidates' files that lie beside it."""
    centre = open_at(data_dir, database_url)
    rescued = rescue_journal(
        centre,
        journal,
        copy=copy.read_bytes(),
        recovery=load_recovery_key(recovery),
        box_id=box_id,
        actor=ACTOR,
    )
    tell(
        as_json,
        verdicts=rescued.verdicts,
        files=rescued.files,
        files_lost=rescued.files_lost,
        intact_entries=rescued.intact_seq,
        entries=rescued.promised_seq if rescued.promised_seq is not None else "unknown",
        rooms=record_reach(centre, {rescued.journal_id}),
    )
    if rescued.cut_short:
        click.echo(
            "The disk is damaged after that. What lies beyond may be on a mirror stick, on a "
            "standby or on the candidates' computers.",
            err=True,
        )


@commands.command("fold-anew")
@DATA
@DATABASE
@click.argument("journal_id")
def fold(data_dir: Path, database_url: str | None, journal_id: str) -> None:
    """Rebuild what the pages show of one journal from its entries."""
    fold_anew(open_at(data_dir, database_url), journal_id)


def _tell_slips(centre: Centre, sitting_id: str, as_json: bool) -> None:
    row = sittings.find_sitting(centre, sitting_id)
    revealed = sittings.reveal_slips(centre, sitting_id, actor=ACTOR)
    names = ("number", "given_name", "family_name", "seat", "code", "candidate_id")
    tell(
        as_json,
        sitting_id=sitting_id,
        package_id=row["package_id"],
        release_code=sittings.reveal_release_code(centre, sitting_id, actor=ACTOR),
        candidates=[{name: person[name] for name in names} for person in revealed.candidates],
        staff=[
            {name: person[name] for name in ("name", "role", "pin", "staff_id")}
            for person in revealed.staff
        ],
    )


def _milliseconds(start: str | None) -> int | None:
    if start is None:
        return None
    try:
        moment = datetime.fromisoformat(start)
    except ValueError as problem:
        raise click.BadParameter("the start is not ISO 8601") from problem
    if moment.tzinfo is None:
        raise click.BadParameter("the start needs its time zone, as in 2026-11-22T09:00+01:00")
    return int(moment.timestamp() * 1000)


for _command in (*CERTIFICATE_COMMANDS, check_wipe_command, disk_key_command, *UPDATE_COMMANDS):
    commands.add_command(_command)


def main() -> None:
    """Run a command; an operating error is one sentence and status 1."""
    try:
        commands(standalone_mode=True)
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
