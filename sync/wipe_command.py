"""`examroom-sync wipe-box`."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.formats.keys import load_box_identity, load_pinned_centre
from appliance.formats.wipe_certificate import REASON_MAX, read_wipe_certificate
from appliance.platform.clock import SystemClock
from sync.agent.service import BoxNotEnrolledError
from sync.wiping import BoxToWipe, require_wipeable, wipe_box


@click.command("wipe-box")
@click.option(
    "--data",
    "data_dir",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The box's data.",
)
@click.option(
    "--credentials",
    "credentials_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/var/lib/examroom-credentials"),
    show_default=True,
    help="Where the keys sealed to this machine lie.",
)
@click.option(
    "--certificate",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the certificate for the centre is written, on a stick.",
)
@click.option(
    "--though-not-at-the-centre",
    "reason",
    default="",
    metavar="REASON",
    help="Wipe although something is nowhere else; the reason goes into the certificate.",
)
@click.option("--box", "box_id", required=True, help="Id of this box, to be sure.")
@click.option("--only-look", is_flag=True, help="Say what stands against it while the box runs.")
def wipe_box_command(
    data_dir: Path,
    credentials_dir: Path,
    certificate: Path,
    reason: str,
    box_id: str,
    *,
    only_look: bool,
) -> None:
    """Destroy everything on this box by destroying its keys, and write a certificate of it."""
    keys_dir = data_dir / "keys"
    try:
        box, centre = load_box_identity(keys_dir), load_pinned_centre(keys_dir)
    except FileNotFoundError as problem:
        raise BoxNotEnrolledError from problem
    if box.id != box_id:
        raise click.UsageError(f"This is the box {box.id}.")
    if len(reason) > REASON_MAX or certificate.resolve().is_relative_to(data_dir.resolve()):
        raise click.UsageError(
            f"Give a reason of at most {REASON_MAX} characters, and a place outside the box's data."
        )
    machine = BoxToWipe(data_dir, credentials_dir, box, centre, SystemClock())
    if only_look:
        require_wipeable(machine, reason=reason)
        return
    signed = wipe_box(machine, certificate, reason=reason)
    written = read_wipe_certificate(signed, box=box.public)
    for one in written.journals:
        where = "at the centre" if one.is_at_the_centre else "NOT CONFIRMED BY THE CENTRE"
        click.echo(f"{one.journal_id}: {one.head_seq} entries, {where}. Destroyed.")
    click.echo(f"This box is wiped. Carry {certificate} to the centre.")
