"""Starting the product's own commands as processes, and ending them in order."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import requests

READY_SECONDS = 30
STOP_SECONDS = 15


class ProcessFailedError(click.ClickException):
    """A command of the product ended with an error; its last words say why."""


def _command(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def run_json(name: str, *arguments: str, typed: str = "") -> dict[str, Any]:
    """Run a command to its end, type what it asks for, and return the JSON it prints."""
    done = subprocess.run(
        [_command(name), *arguments], capture_output=True, text=True, input=typed, check=False
    )
    if done.returncode != 0:
        raise ProcessFailedError(done.stderr.strip() or f"{name} failed")
    result: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return result


def free_port(wanted: int) -> int:
    """Return `wanted` if nobody listens there, else another that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProcessFailedError("No port of this machine is free.")


class Processes:
    """The running commands, ended in the opposite order of their start."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, *arguments: str) -> None:
        """Start a command; what it says goes to a file of its own."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        with (self._log_dir / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [_command(name), *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches only us; we end the others in order.
                start_new_session=True,
            )
        self._running.append((name, process))

    def wait_ready(self, address: str) -> None:
        """Wait until an address answers."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.require_running()
            try:
                requests.get(address, timeout=2)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            return
        raise ProcessFailedError(f"{address} did not answer within {READY_SECONDS} s.")

    def require_running(self) -> None:
        """Raise ProcessFailedError with its last words if a command has ended."""
        for words in self.take_ended():
            raise ProcessFailedError(words)

    def take_ended(self) -> list[str]:
        """Return a line about each command that has ended since it was last asked."""
        ended = [one for one in self._running if one[1].poll() is not None]
        self._running = [one for one in self._running if one not in ended]
        return [f"{name} ended: {self._last_words(name)}" for name, _ in ended]

    def _last_words(self, name: str) -> str:
        log = (self._log_dir / f"{name}.log").read_text(encoding="utf-8").strip()
        return log.splitlines()[-1] if log else ""

    def stop(self) -> None:
        """End everything, last started first."""
        for _, process in reversed(self._running):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
