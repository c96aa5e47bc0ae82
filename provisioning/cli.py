"""`examroom-provision`: everything that is prepared before the day."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.authored_exam import write_authored_exam
from provisioning.box_services.service_commands import COMMANDS as SERVICE_COMMANDS
from provisioning.demo.run_demo import run_demo
from provisioning.importers.exam_import import import_exam
from provisioning.importers.report_text import report_text


@click.group()
def main() -> None:
    """Prepare exams, rosters and boxes."""


@main.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the exam; otherwise NAME.exam in the current folder.",
)
def import_command(source: Path, output: Path | None) -> None:
    """Import an exam: a QTI package or folder, or a QTI, Moodle XML or GIFT file."""
    try:
        authored = import_exam(source)
        data = write_authored_exam(authored)
    except ExamroomError as error:
        raise click.ClickException(str(error)) from error
    target = output or Path(f"{source.resolve().stem}.exam")
    try:
        target.write_bytes(data)
    except OSError as error:
        raise click.ClickException(
            f"{target} could not be written: {error.strerror}. Choose another place with --output."
        ) from error
    click.echo(report_text(authored))
    click.echo(f"Written: {target} ({len(data) // 1024 + 1} KiB)")


@main.command()
@click.option("--reset", is_flag=True, help="Forget the demo there was and start afresh.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    help="Where the demo keeps its things.",
)
def demo(reset: bool, folder: Path) -> None:
    """Run a centre, a box, its sync agent and a few simulated candidates on loopback."""
    run_demo(folder, reset=reset, say=click.echo)


for _command in SERVICE_COMMANDS:
    main.add_command(_command)
