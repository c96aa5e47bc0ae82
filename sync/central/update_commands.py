"""`examroom-central make-update` and `send-update`."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.formats.update_document import UpdateDocument
from sync.central.command_parts import ACTOR, DATA, DATABASE, FILE, JSON, open_at, tell
from sync.central.updates import make_update, send_update, write_to_folder
from sync.removable_media.update_stick import updates_folder


@click.command("make-update")
@DATA
@DATABASE
@JSON
@click.option(
    "--stick",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the stick is mounted.",
)
@click.argument("image", type=FILE)
def make_update_command(
    data_dir: Path, database_url: str | None, as_json: bool, stick: Path, image: Path
) -> None:
    """Write a signed update to the version of a box's image (`.raw`) to a stick.

    It is for every box of this centre.  The parts that the build left beside the image have to lie
    there still.
    """
    centre = open_at(data_dir, database_url)
    made = make_update(centre, image)
    write_to_folder(centre, made, updates_folder(stick), actor=ACTOR)
    _tell(as_json, made.document)


@click.command("send-update")
@DATA
@DATABASE
@JSON
@click.option("--box", "box_ids", required=True, multiple=True, help="Once for each box.")
@click.argument("image", type=FILE)
def send_update_command(
    data_dir: Path,
    database_url: str | None,
    as_json: bool,
    box_ids: tuple[str, ...],
    image: Path,
) -> None:
    """Let boxes fetch a signed update to the version of a box's image (`.raw`) by network.

    They fetch it while no room is open.  What was sent before it cannot be fetched any more.
    """
    centre = open_at(data_dir, database_url)
    made = make_update(centre, image)
    send_update(centre, made, box_ids, actor=ACTOR)
    _tell(as_json, made.document)


def _tell(as_json: bool, made: UpdateDocument) -> None:
    size = sum(part.size for part in made.parts.values())
    tell(as_json, image=made.image, version=made.version, mib=size // 2**20)


UPDATE_COMMANDS = (make_update_command, send_update_command)
