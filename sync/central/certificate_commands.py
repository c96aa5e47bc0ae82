"""`examroom-central` for what others believe: public keys, the root of rooms' TLS, certificates."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.platform.clock import SystemClock
from appliance.platform.files import write_durably
from sync.central import room_certificates
from sync.central.centre import load_keys
from sync.central.command_parts import ACTOR, DATA, DATABASE, FILE, JSON, open_at, tell


@click.command("write-keys")
@DATA
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def write_keys(data_dir: Path, target: Path) -> None:
    """Write the centre's public keys file, for boxes that are enrolled by stick."""
    identity, _authority = load_keys(data_dir, SystemClock())
    write_durably(target, identity.public.to_bytes())


@click.command()
@DATA
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def authority(data_dir: Path, target: Path) -> None:
    """Write the root certificate that the computers of exam rooms have to trust, as PEM."""
    _identity, own = load_keys(data_dir, SystemClock())
    write_durably(target, own.certificate_pem)


@click.command("room-certificate")
@DATA
@DATABASE
@JSON
@click.argument("box_id", metavar="BOX")
@click.option("--name", "names", multiple=True, help="A name or address of the box in its room.")
@click.option("--chain", type=FILE, help="A certificate that was obtained elsewhere (PEM).")
@click.option("--key", type=FILE, help="Its private key (PEM).")
def room_certificate(  # noqa: PLR0913, PLR0917 - one parameter for each option
    data_dir: Path,
    database_url: str | None,
    as_json: bool,
    box_id: str,
    names: tuple[str, ...],
    chain: Path | None,
    key: Path | None,
) -> None:
    """Send a box its certificate: made here for its names, or obtained elsewhere."""
    centre = open_at(data_dir, database_url)
    if names and chain is None and key is None:
        sent = room_certificates.send_issued(centre, box_id, " ".join(names), actor=ACTOR)
    elif chain is not None and key is not None and not names:
        pem = chain.read_bytes(), key.read_bytes()
        sent = room_certificates.send_obtained(centre, box_id, *pem, actor=ACTOR)
    else:
        raise click.UsageError("Give --name, once or more, or --chain and --key.")
    tell(as_json, names=list(sent.names), valid_until_ms=sent.valid_until_ms)


CERTIFICATE_COMMANDS = (write_keys, authority, room_certificate)
