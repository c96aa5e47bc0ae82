"""The computers candidates sit at: what they last said of themselves, and what is wanted of them.

In memory, because it is about now and not the record: a workstation reports every few seconds, so
a box that was started again, or that took over, knows everything again within one report.
Every figure is what a workstation claims, and anyone on the room's network can claim one: nothing
is decided by it but what staff look at.  docs/kiosk-protocol.md is the specification.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from appliance.domain.errors import NotFoundError, TransientError

WORKSTATIONS_MAX = 500
"""More than a room has."""
FORGOTTEN_AFTER_MS = 10 * 60 * 1000
"""A workstation silent for so long gives its place to a new one when all places are taken."""
REPORT_EVERY_SECONDS = 5
RELEASE_HOLDS_MS = 60_000
"""A workstation that was silent for longer may have been started anew, for another exam or with
work that it has not sent yet: the release of before does not count for it."""
PLACES_OF_ONE_ADDRESS = 20
"""More workstations at one address are somebody's invention, and give their places first."""
BATTERY_LOW_PERCENT = 20

Kind = Literal["kiosk", "seb"]
UnsentWork = Literal["kept", "in_memory", "unreadable"]
"""What a power cut of the workstation does to unsent work: it is kept there, it is lost, or it is
not kept because there is older work that the key of this site does not open."""


class TooManyWorkstationsError(TransientError):
    """More workstations report than a room has."""

    key = "too_many_workstations"
    staff_message = "More computers report to this box than a room has. Look what is connected."


class WorkstationUnknownError(NotFoundError):
    """No such workstation has reported."""

    key = "workstation_unknown"
    staff_message = "That computer has not reported to this box. Load the page again."


@dataclass(frozen=True, slots=True)
class Report:
    """What a workstation says of itself.  None: it cannot tell.

    `network` names an interface, empty: none is up; `plugged` names devices since its start;
    `virtual_machine` names the software it runs in, empty: a real computer; `asks` names what a
    Safe Exam Browser wants of staff: hand, lock_screen.  `blocked_keys_count` is conduct: how many
    keys were blocked since the box first answered `conduct`, the name that the count goes by.
    """

    kind: Kind
    version: str
    name: str
    battery_percent: int | None = None
    is_charging: bool | None = None
    network: str = ""
    wireless_percent: int | None = None
    displays_count: int | None = None
    virtual_machine: str = ""
    plugged: tuple[str, ...] = ()
    unsent_work: UnsentWork | None = None
    asks: tuple[str, ...] = ()
    conduct: str = ""
    blocked_keys_count: int | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """What is wanted of a workstation; `restart_browser` counts how often that was asked for.

    `conduct` is empty unless blocked keys are to be counted; then it names what for.
    """

    release: bool = False
    restart_browser: int = 0
    poll_seconds: int = REPORT_EVERY_SECONDS
    conduct: str = ""


@dataclass(frozen=True, slots=True)
class Workstation:
    """A workstation as the box knows it.  `heard_ms` is monotonic time."""

    workstation_id: str
    report: Report
    address: str
    heard_ms: int
    wanted: Instruction = Instruction()


class Workstations:
    """The newest report of every workstation, and what staff want of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Workstation] = {}

    def heard(
        self, workstation_id: str, report: Report, *, address: str, now_ms: int
    ) -> Instruction:
        """Note a report and return what is wanted; raises TooManyWorkstationsError.

        A count that nobody asked for, or that was of somebody else, is not kept.
        """
        with self._lock:
            known = self._known.get(workstation_id)
            if known is None:
                self._make_place(now_ms)
                known = Workstation(workstation_id, report, address, now_ms)
            wanted = known.wanted
            if now_ms - known.heard_ms > RELEASE_HOLDS_MS:
                wanted = replace(wanted, release=False)
            if not wanted.conduct or report.conduct != wanted.conduct:
                report = _without_conduct(report)
            heard = Workstation(workstation_id, report, address, now_ms, wanted)
            self._known[workstation_id] = heard
            return heard.wanted

    def _make_place(self, now_ms: int) -> None:
        if len(self._known) < WORKSTATIONS_MAX:
            return
        silent = min(self._known.values(), key=lambda one: one.heard_ms)
        if now_ms - silent.heard_ms < FORGOTTEN_AFTER_MS:
            addresses = Counter(one.address for one in self._known.values())
            ((address, count),) = addresses.most_common(1)
            if count <= PLACES_OF_ONE_ADDRESS:
                raise TooManyWorkstationsError
            there = (one for one in self._known.values() if one.address == address)
            silent = min(there, key=lambda one: one.heard_ms)
        del self._known[silent.workstation_id]

    def release(self, workstation_id: str, *, released: bool) -> None:
        """Let a workstation's candidate leave the kiosk, or take that back."""
        with self._lock:
            one = self._get(workstation_id)
            self._known[workstation_id] = replace(one, wanted=replace(one.wanted, release=released))

    def release_all(self, *, released: bool) -> None:
        """Do the same for all that have reported."""
        with self._lock:
            for name, one in self._known.items():
                self._known[name] = replace(one, wanted=replace(one.wanted, release=released))

    def count_for(self, names: Mapping[str, str]) -> None:
        """Have these workstations count blocked keys, each under its name, and no other one.

        What was counted under another name is forgotten.
        """
        with self._lock:
            for workstation_id, one in self._known.items():
                name = names.get(workstation_id, "")
                if name != one.wanted.conduct:
                    wanted = replace(one.wanted, conduct=name)
                    report = _without_conduct(one.report)
                    self._known[workstation_id] = replace(one, report=report, wanted=wanted)

    def blocked_keys(self) -> dict[str, int]:
        """Return the newest count of each workstation that was asked for one."""
        return {
            one.workstation_id: one.report.blocked_keys_count
            for one in self.snapshot()
            if one.report.blocked_keys_count is not None
        }

    def report_of(self, workstation_id: str) -> Report | None:
        """Return the newest report of a workstation."""
        known = self._known.get(workstation_id)
        return None if known is None else known.report

    def settled(self, workstation_id: str, what: str) -> None:
        """Note that what a Safe Exam Browser asked has been settled."""
        with self._lock:
            one = self._get(workstation_id)
            asks = tuple(asked for asked in one.report.asks if asked != what)
            self._known[workstation_id] = replace(one, report=replace(one.report, asks=asks))

    def forget(self, workstation_id: str) -> None:
        """Forget a workstation whose client said that it ends."""
        with self._lock:
            self._known.pop(workstation_id, None)

    def restart_browser(self, workstation_id: str) -> None:
        """Want a workstation to start its browser anew, once."""
        with self._lock:
            one = self._get(workstation_id)
            wanted = replace(one.wanted, restart_browser=one.wanted.restart_browser + 1)
            self._known[workstation_id] = replace(one, wanted=wanted)

    def _get(self, workstation_id: str) -> Workstation:
        if workstation_id not in self._known:
            raise WorkstationUnknownError
        return self._known[workstation_id]

    @property
    def all_released(self) -> bool:
        """Say whether there are any, and each is released."""
        known = self.snapshot()
        return bool(known) and all(one.wanted.release for one in known)

    def snapshot(self) -> list[Workstation]:
        """Return all, those heard of first at the top."""
        with self._lock:
            return list(self._known.values())


def _without_conduct(report: Report) -> Report:
    return replace(report, conduct="", blocked_keys_count=None)
