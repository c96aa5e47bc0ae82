"""Telling systemd how the service is: ready, alive, stopping (sd_notify(3), without a library)."""

from __future__ import annotations

import os
import socket

import structlog

_log = structlog.get_logger()


def notify(*assignments: str) -> None:
    """Send assignments such as "READY=1" to whoever started this process, if it listens.

    Never raises: a service that cannot speak to systemd still serves its room.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.settimeout(1)
            line.sendto("\n".join(assignments).encode(), address)
    except OSError as problem:
        _log.warning("systemd_not_told", error=problem.strerror or "")


def is_notified() -> bool:
    """Say whether anybody listens to `notify`."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def watchdog_seconds() -> float | None:
    """Return after how long without "WATCHDOG=1" this process is ended; None: never."""
    text = os.environ.get("WATCHDOG_USEC", "")
    if not text.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(text) / 1_000_000
