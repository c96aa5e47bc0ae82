"""Listening for boxes that announce themselves by zeroconf (mDNS).

Anybody on the network can announce anything: all that is taken from here is addresses to ask, and
`kiosk_client.trust` decides whom to believe.
"""

from __future__ import annotations

import logging
import threading

import ifaddr
from zeroconf import Error, ServiceBrowser, ServiceStateChange, Zeroconf

from appliance.domain.errors import InvalidInputError
from kiosk_client.trust import read_address

SERVICE_TYPE = "_examroom._tcp.local."
ANNOUNCED_MAX = 24
"""More boxes than a school has in reach of one network."""
RESOLVE_MS = 2000

_log = logging.getLogger(__name__)


class Discovery:
    """Collects the addresses that are announced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._origins: dict[str, str] = {}
        self._zeroconf: Zeroconf | None = None
        self._listening_at: frozenset[str] | None = None

    def keep_listening(self) -> None:
        """Listen at the addresses that this computer has now.

        A cable, and an address with it, may come long after the program: whoever goes on listening
        where it began never hears of a box.
        """
        addresses = own_addresses()
        if addresses != self._listening_at:
            self.stop()
            self._listening_at = addresses
            self.start()

    def start(self) -> None:
        """Listen in the background.  A network without multicast costs nothing."""
        try:
            self._zeroconf = Zeroconf()
            ServiceBrowser(self._zeroconf, SERVICE_TYPE, handlers=[self._note])
        except (OSError, Error) as problem:
            _log.warning("not listening for announcements: %s", problem)

    def _note(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            with self._lock:
                self._origins.pop(name, None)
            return
        info = zeroconf.get_service_info(service_type, name, timeout=RESOLVE_MS)
        announced = (info.properties.get(b"origin") if info else None) or b""
        self.note_address(name, announced.decode(errors="replace"))

    def note_address(self, name: str, announced: str) -> None:
        """Keep an announced address, if it is one and there is place."""
        try:
            origin = read_address(announced)
        except InvalidInputError:
            return
        with self._lock:
            if name not in self._origins and len(self._origins) >= ANNOUNCED_MAX:
                return
            self._origins[name] = origin

    def origins(self) -> set[str]:
        """Return the addresses that are announced now."""
        with self._lock:
            return set(self._origins.values())

    def stop(self) -> None:
        """Listen no more."""
        if self._zeroconf is not None:
            self._zeroconf.close()
            self._zeroconf = None


def own_addresses() -> frozenset[str]:
    """Return this computer's addresses of the kind that announcements use."""
    return frozenset(
        str(one.ip) for port in ifaddr.get_adapters() for one in port.ips if one.is_IPv4
    )
