"""The firewall of the client's image, as the kernel takes it: who on that computer reaches what."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rig.cables import Cables, NoCablesError

IMAGE = Path(__file__).parents[2] / "usb_image/mkosi.profiles/client/mkosi.extra"
USERS = {
    "kiosk": 64001,
    "examroom-guard": 64002,
    "systemd-resolve": 64003,
    "systemd-network": 64004,
    "systemd-timesync": 64005,
}
"""The image's users, by numbers that nobody has here."""
OTHER_PROGRAM = 64006
TRY = """
import errno, socket, sys
kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
with socket.socket(socket.AF_INET, kind) as line:
    line.settimeout(3)
    try:
        line.connect((sys.argv[2], int(sys.argv[3])))
        if kind == socket.SOCK_DGRAM:
            line.send(b"?")
            line.recv(1)
    except TimeoutError:
        print("lost")
    except OSError as problem:
        print(errno.errorcode[problem.errno])
    else:
        print("reached")
"""


@pytest.fixture
def room() -> Iterator[Cables]:
    """A client with its firewall; a box and a stranger that take what comes."""
    made = Cables()
    with ExitStack() as listening:
        try:
            try:
                made.build("client", "box", "stranger")
            except NoCablesError as problem:
                pytest.skip(f"this machine lets us make no networks: {problem}")
            rules = (IMAGE / "etc/nftables.conf").read_text()
            for name, number in USERS.items():
                assert f'"{name}"' in rules
                rules = rules.replace(f'"{name}"', str(number))
            _on_client(made, "nft", "-f", "-", told=rules)
            for machine in ("box", "stranger"):
                with made.inside(machine):
                    for port in (443, 80, 53):
                        line = listening.enter_context(socket.create_server(("", port)))
                        line.listen()
            yield made
        finally:
            made.remove()


def _on_client(room: Cables, *command: str, told: str = "") -> str:
    done = subprocess.run(
        [*room.prefix("client"), *command],
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr}"


def _try(room: Cables, user: int, kind: str, machine: str, port: int) -> str:
    """Return what becomes of a try by a user of the client."""
    as_user = ("setpriv", "--reuid", str(user), "--clear-groups")
    python = (sys.executable, "-c", TRY, kind, room.address(machine), str(port))
    return _on_client(room, *as_user, *python)


def _open_ways(room: Cables, line: str) -> str:
    return _on_client(
        room, "/bin/sh", str(IMAGE / "usr/lib/examroom-image/open-ways"), told=f"{line}\n"
    )


def test_candidate_reaches_a_box_that_is_trusted_and_nothing_else(room: Cables) -> None:
    """Not before the guard has said so, not another port of it, and nobody beside it."""
    kiosk = USERS["kiosk"]
    assert "EHOSTUNREACH" == _try(room, kiosk, "tcp", "box", 443)
    assert "open" == _open_ways(room, room.address("box"))
    assert "open" == _open_ways(room, room.address("box"))
    assert "reached" == _try(room, kiosk, "tcp", "box", 443)
    assert "EHOSTUNREACH" == _try(room, kiosk, "tcp", "box", 80)
    assert "EHOSTUNREACH" == _try(room, kiosk, "tcp", "stranger", 443)
    assert "EPERM" == _try(room, kiosk, "udp", "stranger", 53)
    assert "EPERM" == _try(room, kiosk, "udp", "box", 443)


def test_every_other_program_reaches_what_it_is_for(room: Cables) -> None:
    """The guard asks whoever may be a box; names are asked for by one program; others nothing."""
    guard, resolve = USERS["examroom-guard"], USERS["systemd-resolve"]
    assert "reached" == _try(room, guard, "tcp", "stranger", 443)
    assert "lost" == _try(room, guard, "tcp", "stranger", 80)
    assert "reached" == _try(room, resolve, "tcp", "stranger", 53)
    assert "lost" == _try(room, resolve, "tcp", "stranger", 443)
    for port in (443, 80, 53):
        assert "lost" == _try(room, OTHER_PROGRAM, "tcp", "stranger", port)


@pytest.mark.parametrize(
    "line", ["", "box.example", "10.99.0.0/16", "10.99.0.2-10.99.0.9", "10.99.0.2; flush", "$(id)"]
)
def test_only_addresses_open_a_way(room: Cables, line: str) -> None:
    """The guard speaks with the network, and this program changes the firewall."""
    assert "open" != _open_ways(room, line)
    rules = _on_client(room, "nft", "list", "set", "inet", "client", "boxes")
    assert "type ipv4_addr" in rules
    assert "elements" not in rules
