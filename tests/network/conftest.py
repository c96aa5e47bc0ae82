"""A room whose machines are namespaces, with a switch between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.cables import Cables, NoCablesError
from tests.rig.candidate_client import CandidateClient
from tests.rig.relay import Relay
from tests.rig.small_exam import small_exam

MACHINES = ("box", "standby", "centre", "clients")


@pytest.fixture
def cables() -> Iterator[Cables]:
    """A switch with a box, a standby, a centre and the clients' computer; the test is on that."""
    made = Cables()
    try:
        try:
            made.build(*MACHINES)
            made.throttle("centre", "1gbit")
        except NoCablesError as problem:
            pytest.skip(f"this machine lets us make no networks: {problem}")
        with made.inside("clients"):
            yield made
    finally:
        made.remove()


@dataclass
class NetworkRoom:
    """A box on its machine, ready to be started, and its standby."""

    cables: Cables
    box: BoxProcess
    relays: list[Relay] = field(default_factory=list)

    def open(self) -> list[CandidateClient]:
        """Start the box, open the room, let everybody write."""
        self.box.start()
        self.box.open_and_release()
        return writing_clients(self.box)

    def start_standby(self, leader: str = "") -> BoxProcess:
        """Start the standby on its machine; it follows the box, or what stands for it."""
        standby = self.box.standby()
        standby.host = self.cables.address("standby")
        standby.prefix = self.cables.prefix("standby")
        standby.standby_of = leader or self.box.origin
        standby.start()
        return standby

    def relay(self, machine: str, port: int) -> Relay:
        """Return a line from the clients' computer to a port of a machine."""
        relay = Relay((self.cables.address(machine), port), self.cables.address("clients"))
        relay.start()
        self.relays.append(relay)
        return relay


MakeRoom = Callable[..., NetworkRoom]


@pytest.fixture
def make_room(cables: Cables, tmp_path: Path) -> Iterator[MakeRoom]:
    """Make rooms; all processes and lines are ended with the test."""
    made: list[NetworkRoom] = []

    def make(candidates: int = 2, **options: object) -> NetworkRoom:
        box = BoxProcess(
            tmp_path / f"box-{len(made)}",
            small_exam(),
            candidates,
            host=cables.address("box"),
            prefix=cables.prefix("box"),
            **options,  # type: ignore[arg-type]
        )
        made.append(NetworkRoom(cables, box))
        return made[-1]

    yield make
    for room in made:
        for relay in room.relays:
            relay.stop()
        for box in (room.box, *room.box.standbys):
            box.thaw()
            box.kill()
