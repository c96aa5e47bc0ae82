"""The promises, checked at the moment they are made and again at the end.

fencing     no two boxes ever acknowledge in one epoch; an overtaken one acknowledges nothing
saved       what a box acknowledged is on its disk after a cut
two places  what is said to be in two places is on another disk at that moment
nothing lost  in the end everything acknowledged stands, waits for a decision, or was written
            again by the same page; only a dead box and a dead computer together excuse
time        nobody's time ran while no box served
once        the centre has exactly the journal of the box that leads
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.box_machine import BoxMachine
    from tests.simulation.workstation import Workstation


class PromiseBroken(AssertionError):  # noqa: N818 - the sentence that says which
    """What must never happen."""


@dataclass(slots=True)
class Told:
    """An acknowledged change: what it was, which boxes said so, and where copies of it were."""

    item: str
    value: Any
    by: set[str] = field(default_factory=set)
    copied_to: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Promises:
    """Everything that anybody was told."""

    world: World
    boxes: dict[str, BoxMachine] = field(default_factory=dict)
    epochs: dict[int, str] = field(default_factory=dict)
    told_changes: dict[tuple[str, str], dict[int, Told]] = field(default_factory=dict)
    served_ms: int = 0

    def broken(self, what: str) -> None:
        """Stop with the seed and what happened."""
        lines = "\n".join(self.world.history[-60:])
        raise PromiseBroken(f"seed {self.world.seed}: {what}\n{lines}")

    def told(self, page: Workstation, host: str, standing: dict[str, Any]) -> None:
        """A page was told how things stand: hold the box to it."""
        epoch, acknowledged = standing["epoch"], standing["acknowledged"]
        owner = self.epochs.setdefault(epoch, host)
        if owner != host:
            self.broken(f"{host} and {owner} both acknowledge in epoch {epoch}")
        client = (page.attempt_id, page.client_id)
        told = self.told_changes.setdefault(client, {})
        for no, change in page.kept.items():
            if no <= acknowledged:
                told.setdefault(no, Told(change["item"], change["value"])).by.add(host)
        if len(standing["boxes"]) > 1:
            self._two_places(client, host, standing["copied"], told)

    def _two_places(
        self, client: tuple[str, str], host: str, copied: int, told: dict[int, Told]
    ) -> None:
        fresh = [one for no, one in told.items() if no <= copied and not one.copied_to]
        if not fresh:
            return
        holders = {
            name
            for name, machine in self.boxes.items()
            if name != host and machine.has_change(client, copied)
        }
        if not holders:
            self.broken(f"{host} says that {client} is in two places up to {copied}: it is not")
        for one in fresh:
            one.copied_to |= holders

    def after_start(self, machine: BoxMachine) -> None:
        """A box is back: what it had acknowledged must be on its disk."""
        room = machine.box.room if machine.box else None
        if room is None:
            return
        clients = room.writer._state.clients
        for client, told in self.told_changes.items():
            by_it = [no for no, one in told.items() if machine.name in one.by]
            found = clients[client].acknowledged_change_no if client in clients else 0
            if by_it and max(by_it) > found and room.writer.epoch in self.epochs:
                owner = self.epochs[room.writer.epoch]
                if owner == machine.name and not self._handed_over(machine):
                    self.broken(f"{machine.name} forgot {client} from {found} to {max(by_it)}")

    def _handed_over(self, machine: BoxMachine) -> bool:
        """Say whether this box has led before an epoch that another one began."""
        return sum(owner == machine.name for owner in self.epochs.values()) > 1
