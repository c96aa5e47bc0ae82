"""The command that shows everything on one machine."""

from __future__ import annotations

from pathlib import Path

import click

from provisioning.demo.run_demo import run_demo


@click.command()
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
