"""What the commands of the centre share: options, opening the centre, telling."""

from __future__ import annotations

import json
from pathlib import Path

import click

from appliance.platform.clock import SystemClock
from sync.central.centre import Centre, open_centre

ACTOR = "command line"

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)
DATA = click.option("--data", "data_dir", required=True, type=FOLDER, help="The centre's data.")
DATABASE = click.option(
    "--database", "database_url", help="Database URL; without it SQLite in the data folder."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def open_at(data_dir: Path, database_url: str | None) -> Centre:
    """Open the centre of a data folder."""
    return open_centre(data_dir, database_url, SystemClock())


def tell(as_json: bool, **values: object) -> None:
    """Print values by name, for a person or as JSON."""
    if as_json:
        click.echo(json.dumps(values, ensure_ascii=False))
        return
    for name, value in values.items():
        shown = value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{name.replace('_', ' ')}: {shown}")
