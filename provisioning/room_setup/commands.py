"""The command that a box runs when it starts."""

from __future__ import annotations

from pathlib import Path

import click

from provisioning.room_setup.configure import configure


@click.command("configure")
@click.option(
    "--room-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="room.toml; where there is none the box has the defaults.",
)
@click.option(
    "--on-stick",
    "is_on_stick",
    is_flag=True,
    help="room.toml is on a stick; where that is not mounted the box gives no addresses.",
)
@click.option(
    "--data",
    "data_dir",
    # Only written into the settings: whoever runs this need not be able to open it.
    type=click.Path(path_type=Path, readable=False),
    default=Path("/var/lib/examroom"),
    show_default=True,
    help="The box's data.",
)
@click.option(
    "--system",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/"),
    show_default=True,
    help="Root of the system that is set up.",
)
def configure_command(room_file: Path, data_dir: Path, system: Path, *, is_on_stick: bool) -> None:
    """Make this machine the box of the room that room.toml describes."""
    done = configure(room_file, system=system, data_dir=data_dir, is_on_stick=is_on_stick)
    if done.problem:
        click.echo(done.problem, err=True)
    if done.interface is None:
        click.echo("This box has no network port for a cable. Plug one in and restart.", err=True)
    click.echo(f"{done.config.room}: https://{done.config.name} on {done.interface}")
