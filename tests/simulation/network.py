"""The simulated network: requests reach a machine's real WSGI application, or do not.

A request can be lost on the way there, or its answer on the way back, which is the worse case: it
was done and nobody knows.  It can also arrive once more, later, out of order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from flask import Flask

from tests.simulation.world import PowerCut, World

AGAIN_MS_MAX = 20_000


class Lost(Exception):  # noqa: N818 - not an error of a program, but what networks do
    """No answer came."""


class Reachable(Protocol):
    """A machine on the network."""

    name: str

    def application(self) -> Flask | None:
        """Return what answers now, or None while it is off or stopped."""

    def lose_power(self) -> None:
        """End at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a machine answered."""

    status: int
    data: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Network:
    """All cables of the world."""

    world: World
    machines: dict[str, Reachable] = field(default_factory=dict)
    cut_off: set[frozenset[str]] = field(default_factory=set)
    loss: float = 0.0
    repeats: float = 0.0

    def connected(self, one: str, other: str) -> bool:
        """Say whether there is a way between two machines."""
        return frozenset((one, other)) not in self.cut_off

    def request(
        self,
        source: str,
        target: str,
        method: str,
        path: str,
        *,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request; raises Lost.  The caller may lose power meanwhile, as anybody may."""
        if not self.connected(source, target) or self.world.happens(self.loss):
            raise Lost
        ask = lambda: self._serve(target, method, path, data, headers or {})  # noqa: E731
        answer = ask()
        if self.world.happens(self.repeats):
            self.world.at(self.world.chance.randrange(AGAIN_MS_MAX), lambda: _forgotten(ask))
        if not self.connected(source, target) or self.world.happens(self.loss):
            raise Lost
        return answer

    def _serve(
        self, target: str, method: str, path: str, data: bytes, headers: dict[str, str]
    ) -> Answer:
        machine = self.machines.get(target)
        app = machine.application() if machine else None
        if machine is None or app is None:
            raise Lost
        try:
            with self.world.on(target):
                response = app.test_client(use_cookies=False).open(
                    path, method=method, data=data, headers=headers, base_url=f"http://{target}"
                )
                return Answer(response.status_code, response.data, dict(response.headers))
        except PowerCut as cut:
            if cut.machine != target:
                raise
            machine.lose_power()
            raise Lost from cut


def _forgotten(ask: Callable[[], Answer]) -> None:
    try:
        ask()
    except Lost:
        return
