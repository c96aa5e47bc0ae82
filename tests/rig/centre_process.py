"""A centre as boxes meet it: `examroom-central serve`, and `examroom-sync run` of a box."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from appliance.formats.keys import load_or_create_box_identity
from appliance.platform.clock import SystemClock
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre, create_centre, open_centre
from tests.rig.box_process import free_port

READY_SECONDS = 20
STOP_SECONDS = 20


@dataclass(slots=True)
class CentreProcess:
    """One centre on SQLite, and the agents of the boxes that speak with it."""

    folder: Path
    host: str = "127.0.0.1"
    prefix: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    centre: Centre = field(init=False)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make its keys and its database."""
        create_centre(self.folder, "Test centre")
        self.centre = open_centre(self.folder, None, SystemClock())

    @property
    def origin(self) -> str:
        """Return its address."""
        return f"http://{self.host}:{self.port}"

    def enrol(self, box_folder: Path) -> None:
        """Make a box known to it, before or after it has its papers."""
        identity = load_or_create_box_identity(box_folder / "keys", "Box")
        enrol_with_file(
            self.centre, identity.public.to_bytes(), actor="t", name="Box", room="Test room"
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Serve, and wait until it answers."""
        listen = ("--host", self.host, "--port", str(self.port))
        process = self._run("examroom-central", "serve", self.folder, *listen, prefix=self.prefix)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                # First a bare connection, as `BoxProcess` does it.
                socket.create_connection((self.host, self.port), 2).close()
                requests.get(self.origin, timeout=2)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return process

    def start_agent(
        self, box_folder: Path, *, origin: str = "", prefix: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a box's agent; it speaks with the centre, or with what stands for it."""
        address = ("--centre", origin or self.origin)
        return self._run("examroom-sync", "run", box_folder, *address, prefix=prefix)

    def _run(
        self, name: str, verb: str, data: Path, *arguments: str, prefix: tuple[str, ...]
    ) -> subprocess.Popen[bytes]:
        program = str(Path(sys.executable).parent / name)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*prefix, program, verb, "--data", str(data), *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.running.append(process)
        return process

    def stop(self) -> None:
        """End what was started, the last first."""
        while self.running:
            process = self.running.pop()
            process.terminate()
            process.wait(STOP_SECONDS)
        self.centre.engine.dispose()
