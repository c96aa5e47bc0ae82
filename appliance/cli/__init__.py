"""The command `examroom`: serve the room, look after the box."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from appliance.composition import make_exam_server
from appliance.domain.errors import ExamroomError
from appliance.platform.lazy_commands import LazyGroup
from appliance.platform.logging import log_to_stderr
from appliance.settings import Settings, load_settings

_COMMANDS = {"doctor": "appliance.cli.doctor:doctor", "rescue": "appliance.cli.rescue:rescue"}


@click.group(cls=LazyGroup, places=_COMMANDS)
@click.version_option(package_name="examroom")
def main() -> None:
    """The exam server of one room."""


@main.command()
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Data directory.")
@click.option("--room", help="Name of the room.")
@click.option("--host", help="Address to listen on.")
@click.option("--candidate-port", type=int)
@click.option("--staff-port", type=int)
@click.option("--standby-of", metavar="ADDRESS", help="Follow the box at this address.")
@click.option("--announce/--no-announce", default=None, help="Announce the box by zeroconf.")
def serve(config: Path | None, **overrides: object) -> None:
    """Serve candidates and staff until stopped."""
    log_to_stderr()
    try:
        server = make_exam_server(load_settings(config, **overrides))
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=server.serve, name="serve", daemon=True).start()
    stopping.wait()
    server.stop()


@main.command()
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Data directory.")
def config(config: Path | None, data_dir: Path | None) -> None:
    """Print every setting, its value and where it came from."""
    try:
        settings = load_settings(config, data_dir=data_dir)
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    for name, field in Settings.model_fields.items():
        source = "given" if name in settings.model_fields_set else "default"
        click.echo(f"{name} = {getattr(settings, name)!s}  ({source})  {field.description}")
