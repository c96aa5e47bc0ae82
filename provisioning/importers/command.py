"""The command that makes an exam of what another system exported."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.authored_exam import write_authored_exam
from provisioning.importers.exam_import import import_exam
from provisioning.importers.report_text import report_text


@click.command("import")
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
