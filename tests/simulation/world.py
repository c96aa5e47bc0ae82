"""Simulated time, and which machine is running: nothing here waits, and one seed is one history."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Happening = Callable[[], None]

WALL_START_MS = 1_760_000_000_000


class PowerCut(BaseException):
    """A machine lost its power in the middle of what it was doing."""

    def __init__(self, machine: str) -> None:
        super().__init__(machine)
        self.machine = machine


@dataclass(slots=True)
class SimClock:
    """The clocks of one machine: a wall clock that may be wrong and step, and one that counts."""

    world: World
    wall_offset_ms: int = 0
    booted_ms: int = 0

    def wall_ms(self) -> int:
        """See appliance.platform.clock.Clock."""
        return WALL_START_MS + self.world.now_ms + self.wall_offset_ms

    def monotonic_ms(self) -> int:
        """See appliance.platform.clock.Clock."""
        return self.world.now_ms - self.booted_ms + 1_000


@dataclass(slots=True)
class World:
    """What happens when.  `running` names the machines on the stack, the innermost last."""

    seed: int
    now_ms: int = 0
    chance: random.Random = field(init=False)
    history: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    _due: list[tuple[int, int, Happening]] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def at(self, ms: int, happening: Happening) -> None:
        """Let something happen in `ms` from now."""
        self._count += 1
        heapq.heappush(self._due, (self.now_ms + ms, self._count, happening))

    def run_until(self, ms: int, after_each: Happening) -> None:
        """Let everything happen that is due before `ms`, and check after each."""
        while self._due and self._due[0][0] <= ms:
            self.now_ms, _, happening = heapq.heappop(self._due)
            happening()
            after_each()
        self.now_ms = ms

    def note(self, what: str) -> None:
        """Remember what happened, to be read when a promise is broken."""
        self.history.append(f"{self.now_ms / 1000:8.2f} s  {what}")

    def happens(self, probability: float) -> bool:
        """Throw a coin."""
        return self.chance.random() < probability

    @contextmanager
    def on(self, machine: str) -> Iterator[None]:
        """Run something on a machine."""
        self.running.append(machine)
        try:
            yield
        finally:
            self.running.pop()
