"""Serving the centre by waitress, and stopping it without cutting anybody off."""

from __future__ import annotations

import signal
from types import FrameType

import waitress

from sync.central.centre import Centre
from sync.central.web.app import UPLOAD_MAX_BYTES, create_app

THREADS = 16
CONNECTIONS_MAX = 1000


def serve_centre(centre: Centre, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished first."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        # waitress has no graceful stop of its own: SystemExit lets its workers finish.
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    waitress.serve(
        create_app(centre),
        host=host,
        port=port,
        threads=THREADS,  # as many as the database pool has connections
        connection_limit=CONNECTIONS_MAX,  # the default of 100 lets the 101st box wait for ever
        backlog=1024,  # boxes that come back together after an outage
        asyncore_use_poll=True,  # select() ends at 1,024 descriptors
        max_request_body_size=UPLOAD_MAX_BYTES,  # the default is 1 GiB
        channel_timeout=60,  # a line that died is given up
        clear_untrusted_proxy_headers=True,  # nobody says who he is by a header
        ident="",  # tells nobody what serves
    )
