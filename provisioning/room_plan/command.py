"""`examroom-provision make-rooms`: a folder for each box of a plan."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ConflictError, ExamroomError
from provisioning.room_plan.plan import PlannedBox, boxes_of, read_plan
from provisioning.room_plan.room_file import room_file
from provisioning.room_setup.room_config import ROOM_FILE


class RoomsExistError(ConflictError):
    """A folder of a box is there already, and says something else."""

    key = "rooms_exist"
    staff_message = (
        "{path} says something else than the plan. Nothing was written. Use another folder, or "
        "delete that file if no box uses it."
    )


@click.command("make-rooms")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
def make_rooms_command(plan: Path, folder: Path) -> None:
    """Make the room.toml of every box of a plan, in a folder for each box."""
    try:
        boxes = boxes_of(read_plan(plan))
        _write(boxes, folder)
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem
    for box in boxes:
        role = f"standby of {box.config.standby_of}" if box.config.standby_of else "leads"
        click.echo(f"{folder / box.folder / ROOM_FILE}: {box.config.room}, {role}")


def _write(boxes: list[PlannedBox], folder: Path) -> None:
    files = {folder / box.folder / ROOM_FILE: room_file(box.config) for box in boxes}
    for path, text in files.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise RoomsExistError(path=str(path))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
