"""What the candidate's browser can reach: on the image, only boxes that have been trusted.

The browser is told which addresses it may open; the firewall of the image holds it to them, were
it broken into.  An address that was trusted once stays reachable until the computer is switched
off, so that nothing on a page that is open is cut off.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from kiosk_client.root_program import ask

OPENER = Path("/run/examroom-ways.socket")
ANSWER_SECONDS = 10


class Ways:
    """Asks the image's `open-ways` for them."""

    def __init__(self, path: Path = OPENER) -> None:
        self._path = path
        self._opened: set[str] = set()

    def open(self, origins: Iterable[str]) -> bool:
        """Let the browser reach these boxes; return whether it can.

        An ordinary computer has no such firewall.
        """
        if not self._path.exists():
            return True
        wanted = {address for origin in origins for address in addresses_of(origin)}
        news = sorted(wanted - self._opened)
        if not news:
            return True
        if ask(self._path, " ".join(news), seconds=ANSWER_SECONDS) != "open":
            return False
        self._opened.update(news)
        return True


def addresses_of(origin: str) -> set[str]:
    """Return the IPv4 addresses that a name leads to now; the image has no others."""
    with suppress(OSError):
        found = socket.getaddrinfo(
            urlsplit(origin).hostname, None, socket.AF_INET, socket.SOCK_STREAM
        )
        return {str(address[0]) for *_, address in found}
    return set()
