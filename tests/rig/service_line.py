"""The end of the line that systemd holds: what a service says about itself."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path


class ServiceLine:
    """A socket for $NOTIFY_SOCKET.  Use it as a context manager."""

    def __init__(self, folder: Path, *, watchdog_seconds: int) -> None:
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self.environment = {
            "NOTIFY_SOCKET": str(self._path),
            "WATCHDOG_USEC": str(watchdog_seconds * 1_000_000),
        }

    def __enter__(self) -> ServiceLine:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._socket.close()

    def hear(self, *, within_seconds: float) -> str:
        """Return what is said next; nothing when nothing is said in time."""
        self._socket.settimeout(within_seconds)
        try:
            return self._socket.recv(4096).decode()
        except TimeoutError:
            return ""

    def forget(self) -> None:
        """Pass over what was said so far and waits to be heard."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(4096)

    def hears(self, words: str, *, within_seconds: float, messages_max: int = 20) -> bool:
        """Say whether `words` are among what is said, each message in time."""
        for _ in range(messages_max):
            message = self.hear(within_seconds=within_seconds)
            if not message:
                return False
            if words in message.splitlines():
                return True
        return False

    def is_pat(self, *, within_seconds: float) -> bool:
        """Say whether one more pat comes, whatever else is said."""
        return self.hears("WATCHDOG=1", within_seconds=within_seconds)
