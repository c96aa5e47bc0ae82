"""The commands that the units of the box call: keys and certificate."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from appliance.domain.errors import ExamroomError, InvariantViolated
from appliance.formats.disk_token import write_disk_token
from appliance.formats.keys import load_box_identity, load_pinned_centre
from appliance.formats.room_certificate import self_signed
from appliance.platform.clock import SystemClock
from appliance.platform.files import make_folder, write_durably
from appliance.services.room_tls import room_certificate_path
from appliance.settings import Settings, load_settings
from provisioning.box_services.seal_keys import seal_keys

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_CONFIG = click.option("--config", required=True, type=_FILE, help="Settings of the exam server.")


@click.command("seal-keys")
@click.option("--data", "data_dir", required=True, type=_FOLDER, help="The box's data.")
@click.option(
    "--credentials",
    "credentials_dir",
    required=True,
    type=_FOLDER,
    help="Where the sealed keys lie.",
)
def seal_keys_command(data_dir: Path, credentials_dir: Path) -> None:
    """Seal the keys of a box to its machine, as systemd credentials."""
    try:
        for name in seal_keys(data_dir, credentials_dir):
            click.echo(f"Sealed {name} to this machine.")
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem


@click.command("seal-disk-key")
@click.option("--data", "data_dir", required=True, type=_FOLDER, help="The box's data.")
@click.option("--key", "key_file", required=True, type=_FILE, help="A key that opens the disk.")
def seal_disk_key_command(data_dir: Path, key_file: Path) -> None:
    """Print a token for the header of the box's disk: its key, sealed to the centre."""
    keys_dir = data_dir / "keys"
    box, centre = load_box_identity(keys_dir), load_pinned_centre(keys_dir)
    if centre.recovery is None:
        raise InvariantViolated("a centre without a recovery key")
    click.echo(write_disk_token(box.id, key_file.read_bytes(), recovery=centre.recovery))


@click.command("self-signed")
@_CONFIG
def self_signed_command(config: Path) -> None:
    """Make a certificate for the box's own names, unless it has one."""
    settings = _settings(config)
    path = room_certificate_path(settings.data_dir)
    if path.exists():
        return
    host = urlsplit(settings.public_origin).hostname or "localhost"
    names = [host, f"staff.{host}"]
    make_folder(path.parent, mode=0o700)
    write_durably(path, self_signed(names, now_ms=SystemClock().wall_ms()), mode=0o600)
    click.echo(f"Made a certificate for {', '.join(names)}; no client trusts it by itself.")


def _settings(config: Path) -> Settings:
    try:
        return load_settings(config)
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem
