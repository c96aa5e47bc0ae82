"""A load generator on raw non-blocking sockets: one thread, HTTP/1.1 keep-alive, bounded.

It must cost far less than what it measures, so it parses no more of an answer than it checks.
Every answer is checked by the talker that asked; time-outs and errors are counted, never hidden.
"""

from __future__ import annotations

import heapq
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

TIME_OUT_SECONDS = 10.0
"""As the candidate's page does: an exchange without an answer for so long is tried again."""
RECEIVE_BYTES = 262_144


class Talker(Protocol):
    """One browser: says what it asks next, and whether an answer is right."""

    def request(self) -> bytes | None:
        """Return the next request, or None when there is nothing more to ask."""

    def answered(self, status: int, head: bytes, body: bytes) -> bool:
        """Take an answer; say whether it is what the protocol promises."""


@dataclass(slots=True)
class Result:
    """What came of a run.  `wrong` counts wrong answers, `broken` lost connections."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list, repr=False)
    wrong: int = 0
    broken: int = 0
    timed_out: int = 0

    @property
    def right(self) -> int:
        """Return how many answers were right."""
        return len(self.latencies_ms)

    @property
    def per_second(self) -> float:
        """Return right answers a second."""
        return self.right / self.seconds if self.seconds else 0.0

    @property
    def failures(self) -> int:
        """Return everything that was not a right answer."""
        return self.wrong + self.broken + self.timed_out

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile of the time to an answer."""
        if not self.latencies_ms:
            return float("nan")
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass(slots=True)
class Timing:
    """When requests are made.  `every_seconds` None: the next as soon as the last is answered.

    With `then_at_once`, `every_seconds` is the time over which the first requests are spread.
    """

    seconds: float
    every_seconds: float | None = None
    in_step: bool = False
    then_at_once: bool = False
    requests_max: int = 2_000_000


@dataclass(slots=True, eq=False)
class _Connection:
    talker: Talker
    due: float
    sock: socket.socket | None = None
    unsent: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    waiting_since: float | None = None
    asked_at: float = 0.0


class Load:
    """One run over many connections to one address."""

    def __init__(self, port: int, talkers: Sequence[Talker], timing: Timing) -> None:
        self._address = ("127.0.0.1", port)
        self._timing = timing
        self._epoll = select.epoll()
        self._by_fd: dict[int, _Connection] = {}
        self._due: list[tuple[float, int, _Connection]] = []
        self._result = Result()
        self._began = 0.0
        self._asked = 0
        self._open = 0
        self._talkers = talkers

    def run(self) -> Result:
        """Run to the end of the time, or until nobody has anything to ask."""
        connections = [_Connection(talker, 0.0) for talker in self._talkers]
        for connection in connections:
            self._connect(connection)
        self._began = time.perf_counter()
        every = self._timing.every_seconds or 0.0
        for at, connection in enumerate(connections):
            # A golden-ratio sequence: spread like random arrivals, the same in every run.
            share = 0.0 if self._timing.in_step else (at * 0.6180339887) % 1.0
            connection.due = self._began + share * every
            self._plan(connection)
        self._open = len(connections)
        end = self._began + self._timing.seconds
        last_look = self._began
        while self._open and (now := time.perf_counter()) < end + TIME_OUT_SECONDS:
            if now >= end and not self._anyone_waits():
                break
            self._begin_due(now, end)
            for fd, events in self._epoll.poll(self._pause(now, end), 512):
                self._serve(self._by_fd[fd], events)
            if now - last_look > 0.5:
                last_look = now
                self._end_late(connections, now)
        finished = time.perf_counter()
        # Closed loops end with answers still due; they are waited for and so is their time counted.
        self._result.seconds = finished - self._began
        for connection in connections:
            self._close(connection)
        self._epoll.close()
        return self._result

    def _anyone_waits(self) -> bool:
        return any(one.waiting_since is not None for one in self._by_fd.values())

    def _pause(self, now: float, end: float) -> float:
        until = min(self._due[0][0], end) if self._due else end
        return max(0.0, min(0.1, until - now)) if now < end else 0.01

    def _plan(self, connection: _Connection) -> None:
        heapq.heappush(self._due, (connection.due, id(connection), connection))

    def _begin_due(self, now: float, end: float) -> None:
        while self._due and self._due[0][0] <= now:
            connection = heapq.heappop(self._due)[2]
            if now < end:
                self._ask(connection)

    def _connect(self, connection: _Connection) -> None:
        sock = socket.create_connection(self._address, timeout=TIME_OUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        connection.sock = sock
        connection.received.clear()
        self._by_fd[sock.fileno()] = connection
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def _close(self, connection: _Connection) -> None:
        if connection.sock is not None:
            self._epoll.unregister(connection.sock.fileno())
            del self._by_fd[connection.sock.fileno()]
            connection.sock.close()
            connection.sock = None

    def _ask(self, connection: _Connection) -> None:
        allowed = self._asked < self._timing.requests_max
        request = connection.talker.request() if allowed else None
        if request is None:
            self._open -= 1
            return
        self._asked += 1
        # From when it was due, not from when it could be sent: a late sender hides nothing.
        paced = self._timing.every_seconds is not None
        connection.waiting_since = connection.due if paced else time.perf_counter()
        connection.asked_at = time.perf_counter()
        connection.unsent = request
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        if connection.sock is None:
            self._connect(connection)
        sock = connection.sock
        if sock is None:
            return
        try:
            sent = sock.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._broke(connection)
            return
        connection.unsent = connection.unsent[sent:]
        interest = select.EPOLLIN | (select.EPOLLOUT if connection.unsent else 0)
        if connection.unsent or sent == 0:
            self._epoll.modify(sock.fileno(), interest)

    def _serve(self, connection: _Connection, events: int) -> None:
        sock = connection.sock
        if sock is None:
            return
        if events & select.EPOLLOUT:
            self._send(connection)
            if not connection.unsent and connection.sock is sock:
                self._epoll.modify(sock.fileno(), select.EPOLLIN)
        if events & ~select.EPOLLOUT and connection.sock is sock:
            self._receive(connection, sock)

    def _receive(self, connection: _Connection, sock: socket.socket) -> None:
        try:
            data = sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._broke(connection)
            return
        received = connection.received
        received += data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length_at = received.lower().find(b"content-length:", 0, head_end)
        length_end = received.find(b"\r", length_at)
        length = int(received[length_at + 15 : length_end]) if length_at >= 0 else 0
        body_at = head_end + 4
        if len(received) < body_at + length:
            return
        head, body = bytes(received[:head_end]), bytes(received[body_at : body_at + length])
        received.clear()
        self._take(connection, int(head[9:12]), head, body)

    def _take(self, connection: _Connection, status: int, head: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if connection.talker.answered(status, head, body):
            self._result.latencies_ms.append((now - (connection.waiting_since or now)) * 1000)
        else:
            self._result.wrong += 1
        connection.waiting_since = None
        self._next(connection, now)

    def _next(self, connection: _Connection, now: float) -> None:
        every = self._timing.every_seconds
        if every is None or self._timing.then_at_once:
            connection.due = now
            if now < self._began + self._timing.seconds:
                self._ask(connection)
            return
        connection.due = max(now, connection.due + every)
        self._plan(connection)

    def _broke(self, connection: _Connection) -> None:
        self._close(connection)
        if connection.waiting_since is not None:
            connection.waiting_since = None
            self._result.broken += 1
            self._next_later(connection)

    def _next_later(self, connection: _Connection) -> None:
        connection.due = time.perf_counter() + 0.2
        self._plan(connection)

    def _end_late(self, connections: list[_Connection], now: float) -> None:
        for connection in connections:
            waits = connection.waiting_since is not None
            if waits and now - connection.asked_at > TIME_OUT_SECONDS:
                self._close(connection)
                connection.waiting_since = None
                self._result.timed_out += 1
                self._next_later(connection)
