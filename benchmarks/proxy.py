"""HAProxy in front of the box, with the queue that a real room's configuration has.

Plain HTTP, because the load generator does not speak TLS: what is measured is the queue.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rooms import wait_until_answers
from tests.rig.box_process import free_port

CONFIGURATION = """
global
    maxconn 4000
    nbthread 1
defaults
    mode http
    option http-keep-alive
    timeout connect 5s
    timeout client 60s
    timeout server 30s
    timeout queue 30s
    http-reuse always
frontend candidates
    bind 127.0.0.1:{port}
    default_backend box
backend box
    server box 127.0.0.1:{box_port} maxconn 32 pool-max-conn 64
"""


def proxy_is_here() -> bool:
    """Say whether this machine has HAProxy."""
    return _program() is not None


def _program() -> str | None:
    return shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@contextmanager
def proxy(folder: Path, box_port: int) -> Iterator[int]:
    """Run HAProxy before `box_port`; give its port."""
    port = free_port()
    file = folder / "haproxy.cfg"
    file.write_text(CONFIGURATION.format(port=port, box_port=box_port), encoding="ascii")
    process = subprocess.Popen(
        [_program() or "haproxy", "-db", "-f", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)
