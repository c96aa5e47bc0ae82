"""A line that can be spoilt as real lines are: slow, cut in the middle, doubled, half-open."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

READ_BYTES = 16_384
QUIET_SECONDS = 5
CONNECTIONS_MAX = 200
_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Relay:
    """Passes TCP connections on to `target`.  The ways to spoil it may be changed at any time.

    It listens in the network of the thread that starts it.
    """

    target: tuple[str, int]
    host: str = "127.0.0.1"
    delay_seconds: float = 0.0
    """How long every piece waits, either way."""
    cuts_after_bytes: list[int] = field(default_factory=list)
    """After how many bytes the next connections are cut, one number for each."""
    swallows: bool = False
    """Accepts, reads, and passes nothing on, either way."""
    loses_replies: bool = False
    """Requests arrive, replies do not."""
    doubles: bool = False
    """Every HTTP request is sent once more on a connection of its own."""
    port: int = 0
    cut_count: int = 0
    doubled_count: int = 0
    swallowed_bytes: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _listening: socket.socket | None = None

    @property
    def origin(self) -> str:
        """Return the address to speak to instead of the target's."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Begin."""
        self._listening = socket.create_server((self.host, 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        """End, and cut what is open."""
        if self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        self.cut_all()

    def heal(self) -> None:
        """Be a good line from here on; what hung is cut."""
        self.delay_seconds, self.swallows, self.loses_replies = 0.0, False, False
        self.doubles = False
        self.cut_all()

    def cut_all(self) -> None:
        """Cut every connection, as a switch without power does, but so that both ends notice."""
        while self._open:
            _cut(self._open.pop())

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(CONNECTIONS_MAX):
            try:
                near, _ = listening.accept()
                far = socket.create_connection(self.target, timeout=QUIET_SECONDS)
                far.settimeout(None)
            except OSError:
                if listening.fileno() < 0:
                    return
                continue
            self._open += [near, far]
            left = [self.cuts_after_bytes.pop(0)] if self.cuts_after_bytes else []
            for way in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pass_on, args=(*way, left), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, sink: socket.socket, is_up: bool, left: list[int]
    ) -> None:
        unfinished = b""
        with contextlib.suppress(OSError):
            while data := source.recv(READ_BYTES):
                if self.swallows or (self.loses_replies and not is_up):
                    self.swallowed_bytes += len(data)
                    continue
                time.sleep(self.delay_seconds)
                sink.sendall(data)
                if left:
                    left[0] -= len(data)
                    if left[0] <= 0:
                        self.cut_count += 1
                        _cut(source)
                        _cut(sink)
                        return
                if is_up and self.doubles:
                    unfinished = self._double(unfinished + data)
            sink.shutdown(socket.SHUT_WR)

    def _double(self, data: bytes) -> bytes:
        """Send the complete requests of `data` again; return what is not complete."""
        while (head_end := data.find(b"\r\n\r\n")) >= 0:
            at = data.lower().find(b"content-length:", 0, head_end)
            length = int(data[at + 15 : data.find(b"\r", at)]) if at >= 0 else 0
            whole = head_end + 4 + length
            if len(data) < whole:
                break
            with socket.create_connection(self.target, timeout=QUIET_SECONDS) as again:
                again.sendall(data[:whole])
                again.recv(READ_BYTES)
            self.doubled_count += 1
            data = data[whole:]
        return data


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
