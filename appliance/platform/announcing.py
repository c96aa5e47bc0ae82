"""Announcing the box on the room's network by zeroconf (mDNS), so that clients find it."""

from __future__ import annotations

from urllib.parse import urlsplit

import ifaddr
import structlog
from zeroconf import Error, NonUniqueNameException, ServiceInfo, Zeroconf

SERVICE_TYPE = "_examroom._tcp.local."

_log = structlog.get_logger()


class Announcement:
    """One announcement.  A network without multicast costs nothing: an address can be typed."""

    def __init__(self, *, room: str, box_id: str, origin: str) -> None:
        """`origin` is what clients open: the proxy's address where one stands in front."""
        self._info = ServiceInfo(
            SERVICE_TYPE,
            f"{room} {box_id[:6]}.{SERVICE_TYPE}",
            port=_port(origin),
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
    """Return the IPv4 addresses of this machine that others can use, loopback when there is none.

    Asks the ports, not the name service: a box's own name need not lead anywhere, and on Debian it
    leads to 127.0.1.1.
    """
    try:
        found = {str(one.ip) for port in ifaddr.get_adapters() for one in port.ips if one.is_IPv4}
    except OSError as problem:
        _log.warning("addresses_unknown", reason=str(problem))
        found = set()
    return sorted(one for one in found if not one.startswith("127.")) or ["127.0.0.1"]


def _port(origin: str) -> int:
    parts = urlsplit(origin)
    return parts.port or (443 if parts.scheme == "https" else 80)
