"""What runs in the bare Debian of the plays: it answers HTTP, and looks at the box from the room.

It is copied into that Debian and knows nothing but Python's own library.  It answers as JSON:

    GET /                               at once
    GET /doors?box=ADDRESS              which ports of the box answer, and the ways out of here
    GET /probe?box=ADDRESS&host=&path=  what it gets that asks the box for a name, then for a page
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import subprocess
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

PORTS = range(1, 65536)
AT_ONCE = 800
"""A service has 1,024 files."""
QUIET_SECONDS = 4
"""So long nothing more may come; a question for a connection is asked again after 1 s and 3 s."""


def dns_question(name: str) -> bytes:
    """Return a query for the address of a name (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\0\x00\x01\x00\x01"


UDP_QUESTIONS = {53: dns_question("captive.apple.com"), 123: b"\x23" + bytes(47)}
"""What makes a DNS server and an NTP server (RFC 5905, a client's mode) answer."""


def answering(address: str, kind: socket.SocketKind) -> list[int]:
    """Return the ports that say anything at all, were it only that nobody is there."""
    found = []
    for first in range(PORTS.start, PORTS.stop, AT_ONCE):
        asked = {}
        waiting = select.poll()
        for port in range(first, min(first + AT_ONCE, PORTS.stop)):
            line = socket.socket(socket.AF_INET, kind)
            line.setblocking(False)
            line.connect_ex((address, port))
            if kind is socket.SOCK_DGRAM:
                line.send(UDP_QUESTIONS.get(port, b"?"))
            waiting.register(line, select.POLLOUT if kind is socket.SOCK_STREAM else select.POLLIN)
            asked[line.fileno()] = line, port
        while events := waiting.poll(QUIET_SECONDS * 1000):
            for number, _ in events:
                waiting.unregister(number)
                found.append(asked[number][1])
        for line, _ in asked.values():
            line.close()
    return sorted(found)


def doors(box: str) -> dict[str, Any]:
    """Return what the box shows to a computer in the room that nobody knows."""
    routes = subprocess.run(
        ["/usr/sbin/ip", "-json", "route"], capture_output=True, check=True
    ).stdout
    return {
        "routes": json.loads(routes),
        "tcp": answering(box, socket.SOCK_STREAM),
        "udp": answering(box, socket.SOCK_DGRAM),
    }


def probe(box: str, host: str, path: str) -> dict[str, Any]:
    """Return the address that the box gives for a name, and what is served there for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(10)
        line.sendto(dns_question(host), (box, 53))
        address = socket.inet_ntoa(line.recv(512)[-4:])
    page = http.client.HTTPConnection(address, timeout=30)
    page.request("GET", path, headers={"Host": host})
    answer = page.getresponse()
    return {"address": address, "status": answer.status, "body": answer.read().decode()}


class Answer(BaseHTTPRequestHandler):
    """The three addresses."""

    def do_GET(self) -> None:
        """Answer."""
        asked = urllib.parse.urlsplit(self.path)
        given = dict(urllib.parse.parse_qsl(asked.query))
        match asked.path:
            case "/doors":
                found = doors(**given)
            case "/probe":
                found = probe(**given)
            case _:
                found = {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
