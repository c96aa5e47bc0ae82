"""What runs in a bare Debian with two played radios: one is a wireless network, one joins it.

It is copied into that Debian and knows nothing but Python's own library.  It answers as JSON:

    GET /                                    at once
    GET /join?network=CONF&file=NAME&text=   whether iwd joins hostapd's network, and its address

`network` is hostapd's configuration of the network; `file` and `text` are what iwd is told of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

KNOWN = Path("/var/lib/iwd")
HOSTAPD = Path("/run/hostapd.conf")
JOIN_SECONDS = 60
NETWORK = "air"
INSIDE = ("ip", "netns", "exec", NETWORK)
ADDRESSES = ("/usr/sbin/dnsmasq", "--keep-in-foreground", "--port=0", "--interface=wlan0")
RANGE = "--dhcp-range=10.88.0.10,10.88.0.99,10m"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def begin() -> None:
    """Make the radios; the first one is a network with its own addresses, apart from iwd."""
    _run("mount", "-o", "remount,rw", "/")
    _run("modprobe", "mac80211_hwsim", "radios=2")
    _run("ip", "netns", "add", NETWORK)
    _run("iw", "phy", "phy0", "set", "netns", "name", NETWORK)
    _run(*INSIDE, "ip", "address", "add", "10.88.0.1/24", "dev", "wlan0")


def join(network: str, file: str, text: str) -> dict[str, Any]:
    """Put the network on the air and let iwd join it by what it is told."""
    _run("systemctl", "stop", "iwd")
    HOSTAPD.write_text(f"interface=wlan0\n{network}")
    shutil.rmtree(KNOWN, ignore_errors=True)
    KNOWN.mkdir(mode=0o700)
    (KNOWN / file).write_text(text)
    programs = (("/usr/sbin/hostapd", str(HOSTAPD)), (*ADDRESSES, RANGE))
    running = [subprocess.Popen([*INSIDE, *program]) for program in programs]
    try:
        _run("systemctl", "start", "iwd")
        return {"address": _address_of_joined()}
    finally:
        for program in running:
            program.terminate()
            program.wait()


def _address_of_joined() -> str:
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        for link in json.loads(_run("ip", "-json", "-4", "address")):
            if link["ifname"].startswith("wlan"):
                for one in link["addr_info"]:
                    return str(one["local"])
        time.sleep(1)
    return ""


class Answer(BaseHTTPRequestHandler):
    """The two addresses."""

    def do_GET(self) -> None:
        """Answer."""
        asked = urllib.parse.urlsplit(self.path)
        given = dict(urllib.parse.parse_qsl(asked.query, keep_blank_values=True))
        body = json.dumps(join(**given) if asked.path == "/join" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    begin()
    HTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
