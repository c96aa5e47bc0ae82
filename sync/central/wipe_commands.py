"""`examroom-central check-wipe`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from appliance.formats.wipe_certificate import WIPE_CERTIFICATE_MAX_BYTES
from sync.central.command_parts import ACTOR, DATA, DATABASE, FILE, JSON, open_at, tell
from sync.central.wipes import check_wipe


@click.command("check-wipe")
@DATA
@DATABASE
@JSON
@click.argument("certificate", type=FILE)
def check_wipe_command(
    data_dir: Path, database_url: str | None, as_json: bool, certificate: Path
) -> None:
    """Check the certificate of a wiped box: its signature, and that all it had is here."""
    with certificate.open("rb") as file:
        data = file.read(WIPE_CERTIFICATE_MAX_BYTES + 1)
    checked = check_wipe(open_at(data_dir, database_url), data, actor=ACTOR)
    said = checked.certificate
    tell(
        as_json,
        box_id=said.box_id,
        wiped_at_ms=said.wiped_at_ms,
        journals=[one.journal_id for one in said.journals],
        not_here=list(checked.missing),
        reason=said.reason,
    )
    if checked.missing:
        sys.exit(1)
