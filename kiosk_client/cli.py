"""The command `examroom-kiosk`: what runs on the computer a candidate sits at."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.kiosk_settings import KioskSettings, load_kiosk_settings
from appliance.formats.wireless_settings import WIRELESS_FILE_MAX_BYTES, read_wireless_settings
from kiosk_client.discovery import Discovery
from kiosk_client.guard import Guard
from kiosk_client.local_pages import serve_local_pages
from kiosk_client.looking import Looks
from kiosk_client.policies import policies, write_policies
from kiosk_client.supervision import Supervisor
from kiosk_client.trust import Authority, BoxSeen, read_address
from kiosk_client.wireless import make_known

LISTEN_SECONDS = 5
STOPPED = 128 + signal.SIGTERM
"""The status that says: not let go by the invigilator."""

_FILE = click.Path(path_type=Path, dir_okay=False)
_CONFIG = click.option(
    "--config",
    type=_FILE,
    default=Path("/etc/examroom-kiosk.toml"),
    help="Settings file (TOML).",
)
_AUTHORITY = click.option(
    "--authority", type=_FILE, required=True, help="Certificate (PEM) that boxes are trusted by."
)


class _Commands(click.Group):
    """Says an operating error as one sentence."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except ExamroomError as problem:
            raise click.ClickException(str(problem)) from problem


@click.group(cls=_Commands)
@click.version_option(package_name="examroom")
def main() -> None:
    """The kiosk program of one workstation."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    # It tells each certificate that is not believed; who is believed is said by us.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _stop_event() -> threading.Event:
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


@main.command()
@_CONFIG
def guard(config: Path) -> None:
    """Find the box, write what the browser is allowed, report.  Runs as a service."""
    stopping = _stop_event()
    settings = load_kiosk_settings(config)
    made = Guard(settings)
    pages = serve_local_pages(made)
    thread = threading.Thread(target=made.run, name="guard", daemon=True)
    thread.start()
    while thread.is_alive() and not stopping.is_set():
        stopping.wait(1)
    # A guard that ended by itself has said why; the service starts it anew.
    if not stopping.is_set():
        sys.exit(1)
    made.stop()
    pages.close()
    thread.join()


@main.command()
@_CONFIG
def run(config: Path) -> None:
    """Keep the browser up until the invigilator lets go.  Runs inside the compositor."""
    stopping = _stop_event()
    let_go = Supervisor(load_kiosk_settings(config), stopping).run()
    sys.exit(0 if let_go else STOPPED)


@main.command()
@_AUTHORITY
@click.option("--address", help="Ask there, too.")
def find(authority: Path, address: str | None) -> None:
    """Print the boxes in reach, and whether each can be trusted."""
    looks = Looks(Authority(authority))
    origins = {read_address(address)} if address else set()
    discovery = Discovery()
    discovery.start()
    threading.Event().wait(LISTEN_SECONDS)
    origins |= discovery.origins()
    discovery.stop()
    found = looks.look(origins)
    for origin, one in sorted(found.items()):
        if isinstance(one, BoxSeen):
            click.echo(f"{origin}  trusted  {one.room}{'  leads' if one.leads else ''}")
        else:
            click.echo(f"{origin}  {one.key}  {one}")
    looks.stop()
    if not any(isinstance(one, BoxSeen) for one in found.values()):
        raise click.ClickException("No box that can be trusted is in reach.")


@main.command()
@click.argument("settings", type=click.File("rb"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def wireless(settings: BinaryIO, folder: Path) -> None:
    """Make the network that wireless.toml names known to iwd, whose FOLDER is /var/lib/iwd."""
    make_known(read_wireless_settings(settings.read(WIRELESS_FILE_MAX_BYTES + 1)), folder)


@main.command("policies")
@_AUTHORITY
@click.option("--origin", "origins", multiple=True, required=True, help="Address of a box.")
@click.option(
    "--local-port",
    type=int,
    default=KioskSettings.model_fields["local_port"].default,
    help="Port of the computer's own pages.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write to.",
)
def policies_command(
    authority: Path, origins: tuple[str, ...], local_port: int, output: Path
) -> None:
    """Write what Chromium must allow and forbid, for a computer without the guard."""
    wanted = policies(
        {read_address(one) for one in origins},
        local_origin=f"http://127.0.0.1:{local_port}",
        certificates=Authority(authority).certificates,
    )
    write_policies(output, wanted)
