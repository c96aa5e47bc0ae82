"""`examroom-central make-update`."""

from __future__ import annotations

from pathlib import Path

import click

from sync.central.command_parts import ACTOR, DATA, DATABASE, FILE, JSON, open_at, tell
from sync.central.updates import make_update
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
    made = make_update(centre, image, updates_folder(stick), actor=ACTOR)
    size = sum(part.size for part in made.parts.values())
    tell(as_json, image=made.image, version=made.version, mib=size // 2**20)
