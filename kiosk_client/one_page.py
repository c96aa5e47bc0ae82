"""Keeps the browser at one page: what else it opens is closed, and what leads away leads back.

In a window without tabs, Ctrl+T or Alt+Home would leave a candidate at an empty page with no way
back.  Chromium tells its parent through a pipe which pages it has (DevTools protocol, domain
Target; chromedevtools.github.io/devtools-protocol).  With developer tools forbidden the pipe opens
and closes pages and does no more: nobody can look into one.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

UNREAD_SECONDS = 20
"""How long a page may stay without its title before it is asked for anew; then twice as long.

A page that hangs never comes, and one on a slow computer must not be begun again and again.
Seen on the image: with a new profile Chromium's network process ends once, and what it was asked
for never comes.  The candidate's page gets its title with the first thing to be seen on it, because
Esc while it comes leaves it empty for good.
"""
TRIES = 3
"""After these, two and a half minutes, the browser is started anew."""
_END = b"\0"
_READ_BYTES = 64 * 1024
_MESSAGE_BYTES_MAX = 4 * 2**20
_PAGES = [{"type": "page"}]
_BLANK = ("", "about:blank")
"""What a page is before it goes anywhere."""

_log = logging.getLogger(__name__)


def through_pipe(command: list[str]) -> list[str]:
    """Return the command that makes a browser take our messages at its input and answer there.

    Chromium reads file descriptor 3 and writes 4; its own output goes where errors go.
    """
    return ["sh", "-c", 'exec "$@" 3<&0 4>&0 0</dev/null', "sh", *command]


class OnePage:
    """The one page of a browser that was started with `--remote-debugging-pipe`."""

    def __init__(
        self, channel: socket.socket, home: str, is_allowed: Callable[[str], bool]
    ) -> None:
        """`channel` leads to the browser; `home` is a page from which the way goes on by itself.

        `is_allowed` says of an origin whether the browser may stay there.
        """
        self._channel = channel
        self._home = home
        self._is_allowed = is_allowed
        self._lock = threading.Lock()
        self._page = ""
        self._sent = 0
        self._unread = False
        self._unread_seconds = 0
        self._tries = 0

    def keep(self) -> None:
        """Keep the browser at its page until it ends."""
        try:
            with self._channel:
                with self._lock:
                    self._send("Target.setDiscoverTargets", discover=True, filter=_PAGES)
                for message in self._messages():
                    with self._lock:
                        self._take(message)
        except (OSError, ValueError) as problem:
            _log.warning("the browser's pages are no longer followed: %s", problem)

    def is_stuck(self, seconds: int) -> bool:
        """Go home from a page that does not come; say whether that did not help either.

        To be called every so many seconds.  A page does not come when the box went away under it,
        or when the browser did not know yet that it may open it.
        """
        # A browser that has just ended is the supervisor's business.
        with self._lock, suppress(OSError):
            self._unread_seconds = self._unread_seconds + seconds if self._unread else 0
            if self._unread_seconds >= UNREAD_SECONDS * 2**self._tries:
                self._tries += 1
                _log.warning("a page did not come; asked for anew")
                self._go_home()
            # Of a title that changes Chromium tells nothing by itself.
            self._send("Target.getTargets", filter=_PAGES)
        return self._tries >= TRIES

    def _messages(self) -> Iterator[dict[str, Any]]:
        waiting = b""
        while data := self._channel.recv(_READ_BYTES):
            *whole, waiting = (waiting + data).split(_END)
            if len(waiting) > _MESSAGE_BYTES_MAX:
                raise ValueError("a message without end")
            yield from map(json.loads, whole)

    def _take(self, message: dict[str, Any]) -> None:
        for page in message.get("result", {}).get("targetInfos", ()):
            # One that is closing is still among them.
            if page["targetId"] == self._page:
                self._see(page["targetId"], page["url"], page["title"])
        about = message.get("params", {})
        match message.get("method"):
            case "Target.targetCreated" | "Target.targetInfoChanged":
                page = about["targetInfo"]
                self._see(page["targetId"], page["url"], page["title"])
            case "Target.targetDestroyed" if about["targetId"] == self._page:
                self._page = ""

    def _see(self, page: str, url: str, title: str) -> None:
        self._page = self._page or page
        if page != self._page:
            self._send("Target.closeTarget", targetId=page)
        elif url not in _BLANK and not self._is_allowed(_origin(url)):
            self._go_home()
        else:
            # Until a page has come, and on the browser's own page of trouble, its address is shown.
            self._unread = title == urlsplit(url).hostname or url.endswith(title)
            if not self._unread and not url.startswith(self._home):
                self._tries = 0

    def _go_home(self) -> None:
        page, self._page, self._unread = self._page, "", False
        self._unread_seconds = 0
        # The next page that opens is the one page.
        self._send("Target.createTarget", url=self._home)
        self._send("Target.closeTarget", targetId=page)

    def _send(self, method: str, **params: object) -> None:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": params}
        self._channel.sendall(json.dumps(message).encode() + _END)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
