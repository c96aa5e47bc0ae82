"""`examroom-central disk-key`."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.formats.disk_token import DISK_TOKEN_MAX_BYTES, read_disk_token
from appliance.formats.keys import load_recovery_key
from appliance.platform.files import write_durably
from sync.central.command_parts import FILE, FOLDER


@click.command("disk-key")
@click.option("--recovery", required=True, type=FOLDER, help="Folder that holds recovery.key.")
@click.argument("token", type=FILE)
@click.argument("key_file", type=click.Path(path_type=Path, dir_okay=False))
def disk_key_command(recovery: Path, token: Path, key_file: Path) -> None:
    """Take the key of a dead box's disk out of the TOKEN in its header, into KEY_FILE."""
    with token.open("rb") as file:
        data = file.read(DISK_TOKEN_MAX_BYTES + 1)
    box_id, key = read_disk_token(data, recovery=load_recovery_key(recovery))
    write_durably(key_file, key, mode=0o600)
    click.echo(f"{key_file} opens the disk of box {box_id}.")
