"""Counting keys that would leave the exam on an ordinary computer.  Here they do nothing.

The compositor swallows them without a word, so they are counted where the kernel gives them out:
/dev/input, which only a privileged process may read.  Nothing but a count is kept, of these
combinations only.  How a candidate behaves is conduct data, so the count stays on this computer
unless the box asks for it, for an exam that has it noted.
"""

from __future__ import annotations

import os
import selectors
import struct
import threading
from contextlib import suppress
from pathlib import Path

_EVENT = struct.Struct("llHHi")
"""struct input_event of linux/input.h: seconds, microseconds, type, code, value."""
_EVENTS_AT_ONCE = 64
_KEY, _DOWN = 1, 1
_CONTROL, _ALT = {29, 97}, {56, 100}
_F_KEYS = {*range(59, 69), 87, 88}
_F4, _TAB, _ESCAPE, _DELETE, _PRINT, _SUPER = 62, 15, 1, 111, 99, {125, 126}
_LOOK_FOR_KEYBOARDS_SECONDS = 5


class KeyWatch:
    """Sees the keys of one keyboard go down and up, and counts the combinations."""

    def __init__(self) -> None:
        self.count = 0
        self._held: set[int] = set()

    def take(self, data: bytes) -> None:
        """Take events as the kernel gives them out; a piece of one at the end is passed over."""
        whole = len(data) - len(data) % _EVENT.size
        for _seconds, _micros, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            if kind != _KEY:
                continue
            if value == _DOWN and self._leaves(code):
                self.count += 1
            if value:
                self._held.add(code)
            else:
                self._held.discard(code)

    def _leaves(self, code: int) -> bool:
        control, alt = bool(self._held & _CONTROL), bool(self._held & _ALT)
        if code in _SUPER or code == _PRINT:
            return True
        if control and alt:
            return code in _F_KEYS or code == _DELETE
        return alt and code in {_F4, _TAB, _ESCAPE}


class BlockedKeys:
    """Watches every keyboard, those plugged in later included."""

    def __init__(self, folder: Path = Path("/dev/input")) -> None:
        self._folder = folder
        self._watches: dict[str, KeyWatch] = {}
        self.total = 0
        """How many there were since the start.  It never falls: a box counts on from it."""
        self._selector = selectors.DefaultSelector()

    @property
    def count(self) -> int | None:
        """Return how many there were; None when no keyboard can be read."""
        return self.total if self._watches else None

    def watch(self, stopping: threading.Event) -> None:
        """Watch until told to stop."""
        while not stopping.is_set():
            self._find()
            if not self._watches:
                stopping.wait(_LOOK_FOR_KEYBOARDS_SECONDS)
            for key, _ in self._selector.select(_LOOK_FOR_KEYBOARDS_SECONDS):
                self._read(key.fd, key.data)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def _find(self) -> None:
        for path in sorted(self._folder.glob("event*")):
            if path.name in self._watches:
                continue
            with suppress(OSError):
                opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                self._selector.register(opened, selectors.EVENT_READ, path.name)
                self._watches[path.name] = KeyWatch()

    def _read(self, opened: int, name: str) -> None:
        try:
            data = os.read(opened, _EVENT.size * _EVENTS_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            watch = self._watches[name]
            before = watch.count
            watch.take(data)
            self.total += watch.count - before
        else:
            self._selector.unregister(opened)
            os.close(opened)
            del self._watches[name]
