"""What systems ask to learn whether a network leads to the Internet, and what they want to hear.

A client that hears nothing leaves the room's network for another, or says "no Internet" in front of
a candidate.  Names and answers are those of the systems' makers, as of 2026.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """One address asked by plain HTTP, and its answer."""

    host: str
    path: str
    status: int
    body: str = ""
    content_type: str = "text/plain"


_APPLE = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"

HTTP_PROBES = (
    Probe("www.msftconnecttest.com", "/connecttest.txt", 200, "Microsoft Connect Test"),
    Probe("www.msftncsi.com", "/ncsi.txt", 200, "Microsoft NCSI"),
    Probe("captive.apple.com", "/hotspot-detect.html", 200, _APPLE, "text/html"),
    Probe("captive.apple.com", "/", 200, _APPLE, "text/html"),
    Probe("connectivitycheck.gstatic.com", "/generate_204", 204),
    Probe("www.gstatic.com", "/generate_204", 204),
    Probe("clients3.google.com", "/generate_204", 204),
    Probe("network-test.debian.org", "/nm", 200, "NetworkManager is online\n"),
)

PROBE_HOSTS = tuple(sorted({one.host for one in HTTP_PROBES}))

DNS_PROBES = {"dns.msftncsi.com": "131.107.255.255"}
"""Windows asks this name and compares the address."""
