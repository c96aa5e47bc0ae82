"""Announcing the box on the room's network by zeroconf (mDNS), so that clients find it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import ifaddr
import structlog
from zeroconf import Error, NonUniqueNameException, ServiceInfo, Zeroconf

SERVICE_TYPE = "_examroom._tcp.local."
LOOK_SECONDS = 5
"""How long an address is old before it is announced: a cable that is put in, a late DHCP server."""

_log = structlog.get_logger()


class Announcement:
    """What the network is told of one box, under the addresses that it has at the moment.

    A network without multicast costs nothing: an address can be typed.
    """

    def __init__(self, *, room: str, box_id: str, origin: Callable[[], str]) -> None:
        """`origin` gives what clients open: the proxy's address where one stands in front."""
        self._room, self._box_id, self._origin = room, box_id, origin
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow_addresses, name="announce", daemon=True)

    def make(self) -> None:
        """Announce, in the background, and anew whenever the addresses change."""
        self._thread.start()

    def withdraw(self) -> None:
        """Say that the box is going."""
        self._stop.set()
        # A box that is told to stop while it starts has not announced itself yet.
        if self._thread.is_alive():
            self._thread.join()

    def _follow_addresses(self) -> None:
        announced: list[str] = []
        line: Zeroconf | None = None
        while not self._stop.is_set():
            addresses = outside_addresses()
            if addresses != announced:
                if line is not None:
                    line.close()
                line, announced = self._announce(addresses), addresses
            self._stop.wait(LOOK_SECONDS)
        if line is not None:
            line.close()

    def _announce(self, addresses: list[str]) -> Zeroconf | None:
        info = what_is_told(self._room, self._box_id, self._origin(), addresses)
        line: Zeroconf | None = None
        try:
            line = Zeroconf()
            line.register_service(info, allow_name_change=True)
        except (OSError, Error, NonUniqueNameException) as problem:
            _log.warning("not_announced", reason=str(problem))
        return line


def what_is_told(room: str, box_id: str, origin: str, addresses: list[str]) -> ServiceInfo:
    """Return the announcement of one box."""
    return ServiceInfo(
        SERVICE_TYPE,
        f"{room} {box_id[:6]}.{SERVICE_TYPE}",
        port=_port(origin),
        properties={"box": box_id, "room": room, "origin": origin},
        server=f"examroom-{box_id[:6]}.local.",
        parsed_addresses=addresses,
    )


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
