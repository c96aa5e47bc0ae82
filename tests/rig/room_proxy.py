"""HAProxy as it stands in a room, in front of a box of a test: generated file, real program."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.box_services.proxy import ProxyPorts, proxy_configuration
from tests.rig.box_process import free_port

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
NAME_END = ".test"


def proxy_ports(candidate: int, staff: int) -> ProxyPorts:
    """Return free ports for a proxy before a box."""
    return ProxyPorts(candidate=candidate, staff=staff, http=free_port(), https=free_port())


@contextmanager
def room_proxy(folder: Path, ports: ProxyPorts, certificate: Path) -> Iterator[Path]:
    """Run HAProxy before a box; give its configuration file.  Fails where HAProxy is missing."""
    if HAPROXY is None:
        pytest.fail("HAProxy is missing; tests/ensure_programs.sh says how to get it")
    file = folder / "haproxy.cfg"
    file.write_text(proxy_configuration(ports, certificate), encoding="ascii")
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([HAPROXY, "-W", "-f", str(file)], stdout=log, stderr=log)
    try:
        _wait(process, ports.https)
        yield file
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise RuntimeError("HAProxy ended at once; haproxy.log says why")


def resolve_test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let names that end in .test stand for this machine, as the room's name server does."""
    real = socket.getaddrinfo

    def resolve(host: str, *rest: object, **named: object) -> object:
        known = "127.0.0.1" if str(host).endswith(NAME_END) else host
        return real(known, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
