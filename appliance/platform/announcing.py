"""Announcing the box on the room's network by zeroconf (mDNS), so that clients find it."""

from __future__ import annotations

import socket

import structlog
from zeroconf import Error, NonUniqueNameException, ServiceInfo, Zeroconf

SERVICE_TYPE = "_examroom._tcp.local."

_log = structlog.get_logger()


class Announcement:
    """One announcement.  A network without multicast costs nothing: an address can be typed."""

    def __init__(self, *, room: str, box_id: str, port: int, origin: str) -> None:
        """`origin` is what clients open: with a proxy in front it is not `port` of this machine."""
        self._info = ServiceInfo(
            SERVICE_TYPE,
            f"{room} {box_id[:6]}.{SERVICE_TYPE}",
            port=port,
            properties={"box": box_id, "room": room, "origin": origin},
            server=f"examroom-{box_id[:6]}.local.",
            parsed_addresses=outside_addresses(),
        )
        self._zeroconf: Zeroconf | None = None

    def make(self) -> None:
        """Announce, in the background."""
        try:
            self._zeroconf = Zeroconf()
            self._zeroconf.register_service(self._info, allow_name_change=True)
        except (OSError, Error, NonUniqueNameException) as problem:
            _log.warning("not_announced", reason=str(problem))

    def withdraw(self) -> None:
        """Say that the box is going."""
        if self._zeroconf is not None:
            self._zeroconf.close()


def outside_addresses() -> list[str]:
    """Return the addresses of this machine that others can use, loopback when there is none."""
    found = {
        str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    }
    outside = sorted(one for one in found if not one.startswith("127."))
    return outside or ["127.0.0.1"]
