"""The command that the proxy's unit calls.  Alone, because it is a part of every start of a box."""

from __future__ import annotations

from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.settings import load_settings
from provisioning.box_services.proxy import ProxyPorts, proxy_configuration

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("proxy-configuration")
@click.option("--config", required=True, type=_FILE, help="Settings of the exam server.")
@click.option("--certificate", required=True, type=_FILE, help="Certificate and key in one file.")
@click.option("--output", required=True, type=_FILE, help="Where to write haproxy.cfg.")
def proxy_configuration_command(config: Path, certificate: Path, output: Path) -> None:
    """Write the configuration of HAProxy in front of the box."""
    try:
        settings = load_settings(config)
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem
    ports = ProxyPorts(candidate=settings.candidate_port, staff=settings.staff_port)
    output.write_text(proxy_configuration(ports, certificate), encoding="ascii")
