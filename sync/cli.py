"""`examroom-sync`: the box's way to its centre, by network or on a stick."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import (
    IDENTITY_MAX_BYTES,
    PublicIdentity,
    load_or_create_box_identity,
    load_pinned_centre,
)
from appliance.platform.clock import SystemClock
from appliance.platform.files import make_folder, write_durably
from appliance.platform.logging import log_to_stderr
from appliance.platform.one_at_a_time import held_in_turn
from appliance.platform.system_image import running_image
from appliance.services.centre_receipts import delivered_files
from appliance.services.kept_update import UpdateFolder
from appliance.services.stick_report import StickReport, stick_report_path
from sync.agent.agent import AgentPaths
from sync.agent.centre_client import CentreClient
from sync.agent.enrolment import enrol_by_file, enrol_by_network
from sync.agent.journal_source import BoxJournals
from sync.agent.service import (
    BOX_NAME,
    BoxNotEnrolledError,
    build_agent,
    run_agent,
    run_turns,
)
from sync.agent.state import load_state
from sync.removable_media.mirror import MAKE_MIRROR, MARKER_NAME, Mirror, mark_mirror
from sync.removable_media.mirror import TURN_EVERY_SECONDS as MIRROR_EVERY_SECONDS
from sync.removable_media.stick import (
    Carried,
    export_attachments,
    export_bundles,
    import_from_stick,
    read_bounded,
)
from sync.removable_media.update_stick import take_updates
from sync.wipe_command import wipe_box_command

STICK_LOCK = "stick.lock"
_FOLDER = click.Path(path_type=Path, file_okay=False)
_DATA = click.option("--data", "data_dir", required=True, type=_FOLDER, help="The box's data.")
_STICK = click.option(
    "--stick",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the stick is mounted.",
)


@click.group()
def commands() -> None:
    """Carry results to the centre, and what the centre has for this box back."""


@commands.command()
@_DATA
@click.option("--centre", "centre_url", required=True, help="Address of the centre.")
def run(data_dir: Path, centre_url: str) -> None:
    """Run until stopped."""
    run_agent(build_agent(data_dir, centre_url))


@commands.command()
@_DATA
@click.option("--centre", "centre_url", help="Address of the centre, to enrol by network.")
@click.option("--code", help="The one-time code that the centre shows.")
@click.option(
    "--centre-keys",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The centre's public keys file, to enrol without a network.",
)
@click.option(
    "--write-keys",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write this box's public keys file here, for the centre.",
)
@click.option("--name", default=BOX_NAME, help="Name of the box, when its keys are new.")
def enrol(
    data_dir: Path,
    centre_url: str | None,
    code: str | None,
    centre_keys: Path | None,
    write_keys: Path | None,
    name: str,
) -> None:
    """Make this box and a centre known to each other, by network or by files."""
    keys_dir = data_dir / "keys"
    box = load_or_create_box_identity(keys_dir, name)
    if write_keys is not None:
        write_durably(write_keys, box.public.to_bytes())
        click.echo(f"Wrote the public keys of box {box.id}. Carry the file to the centre.")
    if centre_keys is not None:
        found = enrol_by_file(read_bounded(centre_keys, IDENTITY_MAX_BYTES), keys_dir=keys_dir)
        click.echo(f"This box belongs to the centre {found.name} ({found.id}).")
    elif centre_url and code:
        client = CentreClient(centre_url, box, SystemClock())
        found = enrol_by_network(client, box=box, code=code, keys_dir=keys_dir)
        click.echo(f"This box belongs to the centre {found.name} ({found.id}).")
    elif write_keys is None:
        raise click.UsageError("Give --centre and --code, or --centre-keys, or --write-keys.")


@commands.command()
@_DATA
def status(data_dir: Path) -> None:
    """Say how far each journal is at the centre."""
    paths = AgentPaths(data_dir)
    state = load_state(paths.state)
    journals = BoxJournals(data_dir)
    for journal_id in journals.journal_ids():
        mark = state.mark(journal_id)
        with journals.read(journal_id) as reader:
            head = reader.head()
        shown = f"{mark.stage} {mark.status}" + (f" ({mark.error_key})" if mark.error_key else "")
        click.echo(f"{journal_id}: {mark.acknowledged_seq} of {head[1] if head else 0}, {shown}")
    for document_id, key in state.refused_documents.items():
        click.echo(f"document {document_id}: refused ({key})")
    for journal_id, refused in state.refused_attachments.items():
        for sha256, key in refused.items():
            click.echo(f"file {sha256} of {journal_id}: refused ({key})")


@commands.command()
@_DATA
@_STICK
def export(data_dir: Path, stick: Path) -> None:
    """Write to a stick what the centre does not have yet."""
    if _export(data_dir, stick).refused:
        sys.exit(1)


@commands.command("import")
@_DATA
@_STICK
def import_documents(data_dir: Path, stick: Path) -> None:
    """Take documents and receipts of the centre from a stick."""
    if _import(data_dir, stick).refused:
        sys.exit(1)


@commands.command()
@_DATA
@_STICK
def carry(data_dir: Path, stick: Path) -> None:
    """Do all that a stick with a folder `examroom` is for, as a box does when one is put in.

    Leaves the box's public keys on it, takes what the centre sends, and writes the results.
    Where the folder has a file `make-mirror`, the stick becomes a mirror of this box instead.
    """
    folder = stick / "examroom"
    if not folder.is_dir() or (folder / MARKER_NAME).exists():
        click.echo("This stick is not for carrying: it has no folder examroom, or is a mirror.")
        return
    AgentPaths(data_dir).make_folders()
    # Sticks that are in at the start of the box come at the same moment; they take turns.
    with held_in_turn(data_dir / "sync" / STICK_LOCK):
        refused_count = _take_stick(data_dir, stick)
    if refused_count:
        sys.exit(1)


def _take_stick(data_dir: Path, stick: Path) -> int:
    """Do what a stick is for, and tell of it; return how many files on it were refused."""
    request = stick / "examroom" / MAKE_MIRROR
    report = StickReport(SystemClock().wall_ms())
    _tell(data_dir, report)
    if request.exists():
        report = replace(report, mirror=_mark_mirror(data_dir, stick))
        request.unlink()
    else:
        report = _carry(data_dir, stick, report)
    _tell(data_dir, replace(report, is_done=True))
    return report.refused_count


def _tell(data_dir: Path, report: StickReport) -> None:
    """Tell the staff page how it stands with the stick."""
    write_durably(stick_report_path(data_dir), report.to_bytes())


def _carry(data_dir: Path, stick: Path, report: StickReport) -> StickReport:
    paths = AgentPaths(data_dir)
    box = load_or_create_box_identity(paths.keys, BOX_NAME).public
    folder = stick / "examroom" / "public-keys"
    make_folder(folder)
    write_durably(folder / f"{box.id}.json", box.to_bytes())
    click.echo(f"Wrote the public keys of box {box.id}.")
    try:
        _pinned(paths)
    except BoxNotEnrolledError as problem:
        click.echo(str(problem))
        return report
    taken, written = _import(data_dir, stick), _export(data_dir, stick)
    updates = _take_updates(data_dir, stick)
    return replace(
        report,
        took_count=taken.count + updates.count,
        wrote_count=written.count,
        refused_count=len(taken.refused | updates.refused) + len(written.refused),
    )


def _export(data_dir: Path, stick: Path) -> Carried:
    paths = AgentPaths(data_dir)
    box = load_or_create_box_identity(paths.keys, BOX_NAME)
    source, centre, state = BoxJournals(data_dir), _pinned(paths), load_state(paths.state)
    bundles = export_bundles(source, stick, box=box, centre=centre, state=state)
    delivered = delivered_files(data_dir, centre)
    files = export_attachments(source, stick, box=box, centre=centre, delivered=delivered)
    click.echo(
        f"Wrote {bundles.count} bundles and {files.count} files of candidates and read them back. "
        "Nobody can read them on it."
    )
    return _show_refused(replace(files, count=bundles.count + files.count))


def _import(data_dir: Path, stick: Path) -> Carried:
    paths = AgentPaths(data_dir)
    paths.make_folders()
    carried = import_from_stick(
        BoxJournals(data_dir),
        stick,
        paths=paths,
        box_id=load_or_create_box_identity(paths.keys, BOX_NAME).id,
        centre=_pinned(paths),
        state=load_state(paths.state),
    )
    click.echo(f"Took {carried.count} files from the stick.")
    return _show_refused(carried)


def _take_updates(data_dir: Path, stick: Path) -> Carried:
    taken = take_updates(
        stick,
        UpdateFolder(data_dir),
        centre=_pinned(AgentPaths(data_dir)),
        running=running_image(),
        at_ms=SystemClock().wall_ms(),
    )
    if taken.count:
        click.echo("Took an update from the stick. It is installed while no room is open.")
    return _show_refused(taken)


def _show_refused(carried: Carried) -> Carried:
    for name, key in carried.refused.items():
        click.echo(f"Left {name}: {key}.")
    return carried


@commands.command("mark-mirror")
@_DATA
@_STICK
def mark_mirror_stick(data_dir: Path, stick: Path) -> None:
    """Make a stick a mirror of this box: it is filled by itself whenever it is in."""
    _mark_mirror(data_dir, stick)


def _mark_mirror(data_dir: Path, stick: Path) -> str:
    paths = AgentPaths(data_dir)
    box = load_or_create_box_identity(paths.keys, BOX_NAME)
    name = mark_mirror(stick, box=box, centre=_pinned(paths), clock=SystemClock())
    click.echo(f"This is now mirror stick {name} of this box. Write that on it.")
    return name


@commands.command()
@_DATA
@click.option(
    "--sticks-under",
    multiple=True,
    default=("/media",),
    show_default=True,
    type=_FOLDER,
    help="Folder below which sticks are mounted; may be given several times.",
)
def mirror(data_dir: Path, sticks_under: tuple[Path, ...]) -> None:
    """Fill the mirror sticks that are in, until stopped."""
    log_to_stderr()
    paths = AgentPaths(data_dir)
    box, centre = load_or_create_box_identity(paths.keys, BOX_NAME), _pinned(paths)
    paths.make_folders()
    filling = Mirror(
        paths=paths,
        sticks_under=sticks_under,
        source=BoxJournals(data_dir),
        box=box,
        centre=centre,
        clock=SystemClock(),
    )
    run_turns(filling.take_turn, every_seconds=MIRROR_EVERY_SECONDS)


def _pinned(paths: AgentPaths) -> PublicIdentity:
    try:
        return load_pinned_centre(paths.keys)
    except FileNotFoundError as problem:
        raise BoxNotEnrolledError from problem


commands.add_command(wipe_box_command)


def main() -> None:
    """Run a command; an operating error is one sentence and status 1."""
    try:
        commands(standalone_mode=True)
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
