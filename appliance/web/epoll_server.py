"""waitress with a main loop that asks only the connections something happened to.

waitress's own loop (wasyncore.poll2) asks every open connection in Python whether it wants to read
or write, builds a new poll object from the answers, and does so at every wake-up; and every answer
that was sent wakes it up.  With a thousand busy connections that walk takes several milliseconds
of the interpreter lock for every single save, and the workers and the journal's writer starve: the
collapse that docs/performance.md shows.

Here the kernel keeps the list.  A connection is registered once, for reading.  While its request is
worked on nothing is changed, because a browser sends the next request only after the answer; one
that sends early all the same is parked until its answer is out.  A worker wakes the loop only when
there is something for it to do: an answer that did not fit into the socket, a connection to close,
a parked one.  Everything else is waitress as it is.
"""

from __future__ import annotations

import select
import threading
from collections import deque
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

READING = select.EPOLLIN | select.EPOLLPRI
WRITING = select.EPOLLOUT
EVENTS_AT_ONCE = 256

_at_work = threading.local()


class EpollChannel(HTTPChannel):  # type: ignore[misc]
    """One connection.  `interest` is what the kernel watches of it; 0 is not registered."""

    interest = 0
    parked = False

    def service(self) -> None:
        """Work on a request, in a worker thread."""
        _at_work.channel = self
        super().service()

    def wants_loop(self) -> bool:
        """Say whether the main loop must look at this connection, though no event says so."""
        return bool(self.parked or self.writable())

    def add_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress calls it so
        """Begin to be watched."""
        super().add_channel(map)
        self.server.watch(self, READING)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002
        """End to be watched, before the descriptor can be another connection's."""
        self.server.watch(self, 0)
        super().del_channel(map)


class EpollServer(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server for one address, with its own loop."""

    channel_class = EpollChannel

    def __init__(self, application: Any, **options: Any) -> None:
        self._epoll = select.epoll()
        self._changed: deque[EpollChannel] = deque()
        self._listening = False
        self._cleaned_at = 0.0
        super().__init__(application, **options)
        self._epoll.register(self.trigger._fileno, READING)

    def pull_trigger(self) -> None:
        """Wake the loop for the connection this worker serves, if there is anything to do."""
        channel: EpollChannel | None = getattr(_at_work, "channel", None)
        if channel is None:
            super().pull_trigger()
        elif channel.wants_loop():
            self._changed.append(channel)
            super().pull_trigger()

    def watch(self, channel: EpollChannel, interest: int) -> None:
        """Tell the kernel what to watch of a connection; only the loop's thread does."""
        if channel.interest == interest:
            return
        descriptor = channel._fileno
        if channel.interest == 0:
            self._epoll.register(descriptor, interest)
        elif interest == 0:
            self._epoll.unregister(descriptor)
        else:
            self._epoll.modify(descriptor, interest)
        channel.interest = interest

    def run(self) -> None:
        """Serve until closed."""
        while self._map:
            self._listen_while_there_is_room()
            for descriptor, flags in self._epoll.poll(
                self.adj.asyncore_loop_timeout, EVENTS_AT_ONCE
            ):
                watched = self._map.get(descriptor)
                if isinstance(watched, EpollChannel):
                    self._serve(watched, flags)
                elif watched is not None:
                    wasyncore.readwrite(watched, flags)
            while self._changed:
                self._settle(self._changed.popleft())

    def maintenance(self, now: float) -> None:
        """Mark connections that were silent for too long, and close them."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.will_close:
                self._settle(channel)

    def _listen_while_there_is_room(self) -> None:
        """Follow waitress's decision, which also looks after silent connections now and then."""
        wanted = self._fileno is not None and bool(self.readable())
        if wanted != self._listening and self._fileno is not None:
            if wanted:
                self._epoll.register(self._fileno, READING)
            else:
                self._epoll.unregister(self._fileno)
            self._listening = wanted

    def _serve(self, channel: EpollChannel, flags: int) -> None:
        if flags & WRITING or channel.readable():
            wasyncore.readwrite(channel, flags)
            if channel.interest == READING and not channel.writable():
                return
        self._settle(channel)

    def _settle(self, channel: EpollChannel) -> None:
        """Send what waits to be sent, and watch what the connection is ready for now."""
        if channel._fileno is None:
            return
        if channel.writable():
            wasyncore.write(channel)
            if channel._fileno is None:
                return
        # Said before it is asked: a worker that finishes in between then wakes the loop.
        channel.parked = True
        interest = (READING if channel.readable() else 0) | (WRITING if channel.writable() else 0)
        channel.parked = interest == 0
        self.watch(channel, interest)
