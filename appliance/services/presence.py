"""When each attempt's browser was last heard from.  In memory: it is about now, not the record."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from appliance.services.shown_hashes import Shown


@dataclass(frozen=True, slots=True)
class Contact:
    """The last thing a browser said about itself.  `heard_ms` is monotonic time."""

    heard_ms: int
    client_id: str
    address: str = ""
    item_id: str = ""
    battery_percent: int | None = None
    unsent_count: int = 0
    workstation_id: str = ""
    shown: tuple[Shown, ...] = ()


class Presence:
    """The newest contact of every attempt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contacts: dict[str, Contact] = {}
        self._lost: dict[str, int] = {}

    def heard(self, attempt_id: str, contact: Contact) -> int | None:
        """Note a contact; return after how many silent seconds, if the attempt had been lost."""
        with self._lock:
            self._contacts[attempt_id] = contact
            silent_since_ms = self._lost.pop(attempt_id, None)
        if silent_since_ms is None:
            return None
        return max(0, contact.heard_ms - silent_since_ms) // 1000

    def contact(self, attempt_id: str) -> Contact | None:
        """Return the newest contact of an attempt."""
        return self._contacts.get(attempt_id)

    def expect(self, attempt_ids: list[str], now_ms: int) -> None:
        """Start to wait for attempts that have not been heard since this process began."""
        with self._lock:
            for attempt_id in attempt_ids:
                self._contacts.setdefault(attempt_id, Contact(now_ms, ""))

    def expect_back(self, attempt_ids: list[str], now_ms: int) -> None:
        """Wait for attempts that were lost already when this process began."""
        with self._lock:
            for attempt_id in attempt_ids:
                self._lost.setdefault(attempt_id, now_ms)

    def newly_lost(self, now_ms: int, *, after_ms: int) -> list[str]:
        """Return the attempts that have been silent for `after_ms` and were not lost before."""
        with self._lock:
            lost = [
                attempt_id
                for attempt_id, contact in self._contacts.items()
                if now_ms - contact.heard_ms > after_ms and attempt_id not in self._lost
            ]
            for attempt_id in lost:
                self._lost[attempt_id] = self._contacts[attempt_id].heard_ms
        return lost

    def forgive(self, milliseconds: int) -> None:
        """Take a time out of everybody's silence, because it was this box that did not listen."""
        with self._lock:
            for attempt_id, contact in self._contacts.items():
                self._contacts[attempt_id] = replace(
                    contact, heard_ms=contact.heard_ms + milliseconds
                )

    def forget(self, attempt_id: str) -> None:
        """Stop to wait for an attempt, because it is handed in."""
        with self._lock:
            self._contacts.pop(attempt_id, None)
            self._lost.pop(attempt_id, None)

    def snapshot(self) -> dict[str, Contact]:
        """Return all contacts."""
        with self._lock:
            return {attempt_id: replace(one) for attempt_id, one in self._contacts.items()}
