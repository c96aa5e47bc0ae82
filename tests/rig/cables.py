"""A network of our own: a switch and machines in namespaces, with cables to pull and to throttle.

Needs root and a kernel that allows it.  Nothing outside the namespaces made here is touched.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CLONE_NEWNET = 0x40000000
COMMAND_SECONDS = 10
SWITCH = "br0"
_numbers = itertools.count(1)


class NoCablesError(Exception):
    """This machine does not let us make networks; its own words say why."""


def _run(*command: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NoCablesError(f"{' '.join(command)}: {problem}") from problem
    if done.returncode != 0:
        raise NoCablesError(f"{' '.join(command)}: {done.stderr.strip()}")


@dataclass(slots=True)
class Cables:
    """A switch, and machines whose cables end in it.  Addresses are 10.99.0.1, 10.99.0.2..."""

    _name: str = field(default_factory=lambda: f"exr{os.getpid()}n{next(_numbers)}")
    _addresses: dict[str, str] = field(default_factory=dict)
    _made: list[str] = field(default_factory=list)

    @property
    def _hub(self) -> str:
        return f"{self._name}-hub"

    def namespace(self, machine: str) -> str:
        """Return the name of a machine's namespace."""
        return f"{self._name}-{machine}"

    def address(self, machine: str) -> str:
        """Return a machine's address."""
        return self._addresses[machine]

    def prefix(self, machine: str) -> tuple[str, ...]:
        """Return what is put before a command that shall run on a machine."""
        return ("ip", "netns", "exec", self.namespace(machine))

    def build(self, *machines: str) -> None:
        """Make the switch and the machines; raises NoCablesError."""
        self._make(self._hub)
        _run("ip", "-n", self._hub, "link", "add", SWITCH, "type", "bridge")
        _run("ip", "-n", self._hub, "link", "set", SWITCH, "up")
        for number, machine in enumerate(machines, start=1):
            own = self.namespace(machine)
            self._make(own)
            self._addresses[machine] = f"10.99.0.{number}"
            there = ("type", "veth", "peer", "name", machine, "netns", self._hub)
            _run("ip", "-n", own, "link", "add", "eth0", *there)
            _run("ip", "-n", self._hub, "link", "set", machine, "master", SWITCH, "up")
            _run("ip", "-n", own, "address", "add", f"10.99.0.{number}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _run("ip", "-n", own, "link", "set", device, "up")

    def _make(self, namespace: str) -> None:
        _run("ip", "netns", "add", namespace)
        self._made.append(namespace)

    def pull(self, machine: str) -> None:
        """Pull a machine's cable out of the switch."""
        _run("ip", "-n", self._hub, "link", "set", machine, "down")

    def plug_in(self, machine: str) -> None:
        """Put it in again."""
        _run("ip", "-n", self._hub, "link", "set", machine, "up")

    def throttle(self, machine: str, rate: str) -> None:
        """Let so much through a machine's cable, each way: "256kbit"."""
        shape = ("root", "tbf", "rate", rate, "burst", "16kb", "latency", "400ms")
        _run("tc", "-n", self._hub, "qdisc", "replace", "dev", machine, *shape)
        _run("tc", "-n", self.namespace(machine), "qdisc", "replace", "dev", "eth0", *shape)

    @contextmanager
    def inside(self, machine: str) -> Iterator[None]:
        """Let this thread, and those it starts, make connections as the machine does."""
        with Path("/proc/thread-self/ns/net").open("rb") as before:
            with Path(f"/run/netns/{self.namespace(machine)}").open("rb") as there:
                _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def remove(self) -> None:
        """Take down what was made, and only that."""
        while self._made:
            _run("ip", "netns", "delete", self._made.pop())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise NoCablesError(os.strerror(ctypes.get_errno()))
