"""What the guard asks of the program that opens the firewall of the client's image."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk_client.ways import Ways, addresses_of

BOX, STANDBY = "https://127.0.0.1:8443", "https://127.0.0.2"


class _Opener(socketserver.UnixStreamServer):
    """Stands for the program; `answer` is its word, `lines` what it was asked."""

    answer = b"open\n"

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Line)
        self.path = path
        self.lines: list[str] = []


class _Line(socketserver.StreamRequestHandler):
    server: _Opener

    def handle(self) -> None:
        self.server.lines.append(self.rfile.readline().decode().strip())
        self.wfile.write(self.server.answer)


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[_Opener]:
    """A program that opens."""
    with _Opener(tmp_path / "socket") as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_computer_without_such_a_firewall_is_open(tmp_path: Path) -> None:
    """An installed machine has its own rules."""
    assert Ways(tmp_path / "socket").open([BOX])


def test_each_address_is_asked_for_once(opener: _Opener) -> None:
    """A standby that joins later is told then."""
    ways = Ways(opener.path)
    assert ways.open([])
    assert ways.open([BOX])
    assert ways.open([BOX])
    assert ways.open([BOX, STANDBY])
    assert ["127.0.0.1", "127.0.0.2"] == opener.lines


def test_refusal_is_said_and_asked_again(opener: _Opener) -> None:
    """Without the way no page may be opened: it would not load."""
    ways = Ways(opener.path)
    opener.answer = b""
    assert not ways.open([BOX, STANDBY])
    opener.answer = b"open\n"
    assert ways.open([BOX, STANDBY])
    assert ["127.0.0.1 127.0.0.2"] * 2 == opener.lines


def test_name_that_leads_nowhere_opens_nothing() -> None:
    """The box was there a moment ago; it is asked for again."""
    assert set() == addresses_of("https://nobody.invalid")
