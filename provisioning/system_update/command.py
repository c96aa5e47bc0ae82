"""`examroom-provision install-update`, which the box's unit calls at each start and when asked."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.keys import PublicIdentity, load_pinned_centre, pin_centre
from appliance.formats.update_status import RefusedUpdate
from appliance.platform.clock import Clock, SystemClock
from appliance.platform.files import write_durably
from appliance.services.kept_update import UpdateFolder, read_status
from appliance.services.update_rules import UpdateWaitsError, require_wanted
from provisioning.system_update.installing import UpdateNotWrittenError, install
from provisioning.system_update.machine import Machine, find_machine

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("install-update")
@click.option("--data", "data_dir", required=True, type=_FOLDER, help="The box's data.")
@click.option(
    "--state",
    "state_dir",
    required=True,
    type=_FOLDER,
    help="Where it is kept which centre is believed, and how the versions stand.",
)
@click.option("--esp", required=True, type=_FOLDER, help="Where the boot partition is mounted.")
def install_update_command(data_dir: Path, state_dir: Path, esp: Path) -> None:
    """Install the update that is asked for, if one is, and say how the versions stand."""
    machine = find_machine(esp)
    if machine is None:
        click.echo("This machine was not started from an image of ours.")
        return
    click.echo(update_once(machine, data_dir, state_dir, SystemClock()))


def update_once(machine: Machine, data_dir: Path, state_dir: Path, clock: Clock) -> str:
    """Install what is asked for and write the status; return what happened, in a sentence."""
    kept, status_path = UpdateFolder(data_dir), state_dir / "status.json"
    before = read_status(status_path)
    refused, said, version = before.refused, "No update is asked for.", None

    def refusal(problem: ExamroomError) -> RefusedUpdate:
        return RefusedUpdate(version=version, why=KeptSentence.of(problem), at_ms=clock.wall_ms())

    try:
        centre = believed_centre(data_dir, state_dir)
        if centre is not None and kept.install_request.exists():
            document = kept.read_ready(centre)
            if document is not None:
                version = document.version
                # What stands when this program fails: the exam server would ask again at once.
                refused = refusal(UpdateNotWrittenError(problem="the program ended too early"))
                also_here, given_up = (before.installed,), before.given_up
                require_wanted(document, machine.running, also_here=also_here, given_up=given_up)
                install(machine, kept, document)
                refused, said = None, f"Version {version} is installed. It is tried at the start."
    except UpdateWaitsError as problem:
        refused, said = before.refused, str(problem)
    except ExamroomError as problem:
        refused, said = refusal(problem), str(problem)
    finally:
        write_durably(status_path, machine.status(refused).to_bytes(), mode=0o644)
        kept.install_request.unlink(missing_ok=True)
    return said


def believed_centre(data_dir: Path, state_dir: Path) -> PublicIdentity | None:
    """Return the centre that was the box's when this was first asked; None while there is none.

    The box's own note of it lies where whoever breaks into the exam server could write.
    Raises OtherCentrePinnedError.
    """
    try:
        centre = load_pinned_centre(data_dir / "keys")
    except FileNotFoundError:
        return None
    pin_centre(state_dir, centre)
    return centre
