"""One page: what else opens is closed, what leads away or does not come leads home."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kiosk_client.one_page import TRIES, UNREAD_SECONDS, OnePage

HOME = "http://127.0.0.1:4320/"
BOX = "https://box.examroom.internal"


class BrowserEnd:
    """The browser's end of the channel."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._file = channel.makefile("rb")
        assert ("Target.setDiscoverTargets", None) == self.told()

    def says(self, kind: str, page: str, url: str = "", title: str = "examroom") -> None:
        info = {"targetId": page, "type": "page", "url": url, "title": title}
        params = {"targetInfo": info} if kind != "Destroyed" else {"targetId": page}
        message = {"method": f"Target.target{kind}", "params": params}
        data = json.dumps(message).encode() + b"\0"
        self._channel.sendall(data[:7])
        self._channel.sendall(data[7:])

    def told(self) -> tuple[str, Any]:
        """Return what is wanted next, and of which page or address."""
        data = b""
        while not data.endswith(b"\0"):
            data += self._file.read(1)
        message = json.loads(data[:-1])
        params = message["params"]
        return message["method"], params.get("targetId") or params.get("url")

    def is_asked(self, *pages: tuple[str, str, str]) -> None:
        """Expect to be asked for the pages, and give them: name, address and title."""
        assert ("Target.getTargets", None) == self.told()
        infos = [{"targetId": page, "url": url, "title": title} for page, url, title in pages]
        self._channel.sendall(
            json.dumps({"id": 2, "result": {"targetInfos": infos}}).encode() + b"\0"
        )

    def is_told_nothing_more(self) -> bool:
        """Say whether all that was said before called for no answer."""
        self.says("Created", "marker", HOME)
        return self.told() == ("Target.closeTarget", "marker")


@pytest.fixture
def ends() -> Iterator[tuple[OnePage, BrowserEnd]]:
    """What is tested, and the browser it talks to."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    page = OnePage(ours, HOME, lambda origin: origin in {HOME[:-1], BOX})
    keeping = threading.Thread(target=page.keep)
    keeping.start()
    yield page, BrowserEnd(theirs)
    theirs.shutdown(socket.SHUT_RDWR)
    keeping.join()
    theirs.close()


def test_second_page_is_closed(ends: tuple[OnePage, BrowserEnd]) -> None:
    """Wherever it leads; when the first one goes, the next takes its place."""
    _, browser = ends
    browser.says("Created", "a", HOME)
    for url in ("chrome://newtab/", f"{BOX}/", ""):
        browser.says("Created", "b", url)
        assert ("Target.closeTarget", "b") == browser.told()
    browser.says("InfoChanged", "a", f"{BOX}/")
    assert browser.is_told_nothing_more()
    browser.says("Destroyed", "a")
    browser.says("Created", "c", HOME)
    assert browser.is_told_nothing_more()


@pytest.mark.parametrize(
    "url", ["chrome://newtab/", f"{BOX}.example/", "http://box.examroom.internal/", "data:,x", "x"]
)
def test_page_that_leaves_the_room_is_replaced(ends: tuple[OnePage, BrowserEnd], url: str) -> None:
    """By a page at home, from where the way goes on; only then it is closed."""
    _, browser = ends
    browser.says("Created", "a", f"{BOX}/items/1")
    browser.says("InfoChanged", "a", url)
    assert ("Target.createTarget", HOME) == browser.told()
    assert ("Target.closeTarget", "a") == browser.told()
    browser.says("Created", "b", "about:blank", "about:blank")
    browser.says("Destroyed", "a")
    browser.says("InfoChanged", "b", HOME)
    assert browser.is_told_nothing_more()


@pytest.mark.parametrize(
    "title", ["", "box.examroom.internal", "box.examroom.internal/?workstation=7"]
)
def test_page_that_does_not_come_is_asked_for_anew(
    ends: tuple[OnePage, BrowserEnd], title: str
) -> None:
    """From home; when that does not help a few times, the browser has to start anew."""
    page, browser = ends
    for number in range(1, TRIES + 1):
        browser.says("Created", f"a{number}", HOME)
        url = f"{BOX}/?workstation=7"
        browser.says("InfoChanged", f"a{number}", url, title)
        assert browser.is_told_nothing_more()
        assert not page.is_stuck(UNREAD_SECONDS * 2 ** (number - 1) - 1)
        browser.is_asked((f"a{number}", url, title))
        assert browser.is_told_nothing_more()
        assert (number == TRIES) == page.is_stuck(1)
        assert ("Target.createTarget", HOME) == browser.told()
        assert ("Target.closeTarget", f"a{number}") == browser.told()
        browser.is_asked((f"a{number}", url, title))


def test_page_that_came_may_stay_for_hours(ends: tuple[OnePage, BrowserEnd]) -> None:
    """Also when it took its time, and Chromium said nothing of its title."""
    page, browser = ends
    browser.says("Created", "a", f"{BOX}/", "box.examroom.internal")
    assert browser.is_told_nothing_more()
    assert not page.is_stuck(UNREAD_SECONDS - 1)
    browser.is_asked(("b", f"{BOX}/", ""), ("a", f"{BOX}/", "examroom"))
    assert browser.is_told_nothing_more()
    assert not page.is_stuck(UNREAD_SECONDS * 100)
    browser.is_asked(("a", f"{BOX}/", "examroom"))
    assert browser.is_told_nothing_more()


def test_browser_that_ended_is_not_stuck(ends: tuple[OnePage, BrowserEnd]) -> None:
    """What to do about it is for others."""
    page, browser = ends
    browser.says("Created", "a", f"{BOX}/", "")
    assert browser.is_told_nothing_more()
    browser._channel.shutdown(socket.SHUT_RDWR)
    assert not page.is_stuck(UNREAD_SECONDS)
