"""`examroom-provision print-sheets`."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from provisioning.printing.sheets import LANGUAGES, SHEETS, rooms_on_paper, sheet
from provisioning.room_setup.room_config import ROOM_FILE, read_room_file


@click.command("print-sheets")
@click.argument(
    "folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the sheets.",
)
def print_sheets_command(folder: Path, language: str) -> None:
    """Make labels, checklists and packing lists for the boxes below a folder, to print.

    FOLDER is what make-rooms made, or any folder with a folder for each box.
    """
    try:
        configs = [read_room_file(path) for path in sorted(folder.glob(f"*/{ROOM_FILE}"))]
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem
    if not configs:
        raise click.ClickException(f"There is no {ROOM_FILE} in a folder below {folder}.")
    rooms = rooms_on_paper(configs)
    for name in SHEETS:
        path = folder / f"{name}.html"
        path.write_text(sheet(name, rooms, language=language), encoding="utf-8")
        click.echo(path)
