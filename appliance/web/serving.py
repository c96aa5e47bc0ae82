"""Serving an application with waitress, every option that matters given here with its reason."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from appliance.settings import Settings
from appliance.web.boundary import REQUEST_MAX_BYTES
from appliance.web.epoll_server import EpollServer

END_SECONDS = 5


class Serving:
    """A server and the thread in which it runs and is closed."""

    def __init__(self, server: Any, name: str) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def stop(self) -> None:
        """Answer what is in work, and close.

        The workers end first, and nobody but the loop's own thread closes: a worker wakes the loop
        by writing into a descriptor, which is another file's once it was closed and a journal was
        opened.
        """
        server = self._server
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=END_SECONDS)
        lines = server.map if isinstance(server, MultiSocketServer) else server._map
        listening = next(one for one in lines.values() if isinstance(one, BaseWSGIServer))
        listening.trigger.pull_trigger(partial(wasyncore.close_all, lines))
        self._thread.join(END_SECONDS)


def make_server(app: Flask, settings: Settings, port: int) -> Any:
    """Return a waitress server that listens; `run()` serves.

    Raises OSError when the port is taken.
    """
    proxy: dict[str, Any] = {}
    if settings.proxy_address:
        proxy = {
            "trusted_proxy": settings.proxy_address,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        }
    # A line for every request that had to wait for a worker: hundreds a second in a busy room.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    options: dict[str, Any] = dict(
        host=settings.host,
        port=port,
        # Saves wait in a worker for their commit, so this is also how many one commit can serve: on
        # a disk whose fsync takes 20 ms, 64 save 1.7 times as much as 32.  The default is 4.
        threads=settings.worker_threads,
        # The default of 100 would leave the 101st browser waiting for ever.
        connection_limit=settings.connections_max,
        backlog=2048,
        # select() stops at 1,024 descriptors.
        asyncore_use_poll=True,
        # A page calls every few seconds; a connection idle for longer than this is gone.
        channel_timeout=60,
        cleanup_interval=30,
        # The default of 1 GiB would let one client fill the memory.
        max_request_body_size=16 * REQUEST_MAX_BYTES,
        inbuf_overflow=4 * REQUEST_MAX_BYTES,
        ident="",
        clear_untrusted_proxy_headers=True,
        expose_tracebacks=False,
        **proxy,
    )
    adjustments = Adjustments(**options)
    if len(adjustments.listen) > 1:
        # A name that stands for several addresses: waitress's own loop serves several sockets.
        return create_server(app, **options)
    return EpollServer(app, adj=adjustments, sockinfo=adjustments.listen[0])
