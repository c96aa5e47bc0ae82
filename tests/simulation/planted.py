"""Bugs of the kinds that others had, planted one at a time: the simulation must find each.

Each is a function that puts the bug in, or a page or writer that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from appliance.domain import commands as c
from appliance.domain import decide as decide_package
from appliance.domain.decide import responses
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError
from appliance.domain.journal import Draft
from appliance.domain.room import RoomState
from appliance.services import overtaken, serve_followers, take_over
from appliance.storage import database
from appliance.storage.journals import insert_entries
from appliance.storage.projections import save_touched
from sync.standby import follower
from tests.simulation.box_machine import SimWriter
from tests.simulation.workstation import Workstation


class WriterThatAnswersFirst(SimWriter):
    """Acknowledges before the commit: what was told goes to the disk with the next group."""

    def _commit(self, group: list[Any]) -> None:
        waiting, self._waiting = getattr(self, "_waiting", []), []
        if waiting:
            with database.write_transaction(self._journal.database):
                insert_entries(self._journal.database, waiting)
                save_touched(self._journal.database, self._state)
        for ticket in group:
            try:
                self._guard.require_up()
                self._decide(ticket, self._waiting)
            except ExamroomError as refusal:
                ticket.refusal = refusal
            ticket.answered.release()


class WriterByWallClock(SimWriter):
    """Counts time by the wall clock."""

    def _now(self) -> Now:
        now = super()._now()
        base = self.__dict__.setdefault("_wall_base", now.at_ms - now.clock_ms)
        return replace(now, clock_ms=now.at_ms - base)


class PageThatForgetsWhenSent(Workstation):
    """Marks as sent what it sends, before anybody acknowledged it."""

    def sent(self, batch: list[dict[str, Any]]) -> None:
        """Forget at once."""
        for one in batch:
            self.kept.pop(one["no"], None)
        if batch:
            self.acknowledged = max(self.acknowledged, batch[-1]["no"])


class PageThatForgetsWhenSaved(Workstation):
    """Forgets what one box has acknowledged, though the box may die with it."""

    def forget(self, standing: dict[str, Any]) -> None:
        """Forget what is acknowledged."""
        for no in [no for no in self.kept if no <= standing["acknowledged"]]:
            del self.kept[no]


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    """A box that was overtaken goes on as if nothing had happened."""
    patch.setattr(overtaken, "be_overtaken", lambda *_: None)


def counted_epochs(patch: pytest.MonkeyPatch) -> None:
    """A take-over begins the next number, whoever else does the same."""
    patch.setattr(take_over, "next_epoch", lambda epoch, _box: epoch + (1 << 40))


def dedupe_by_content(patch: pytest.MonkeyPatch) -> None:
    """A change that says what some earlier one said counts as the same change."""
    seen: set[tuple[str, str, object]] = set()
    real = responses.save_changes

    def save(state: RoomState, command: c.SaveChanges, now: Now) -> list[Draft]:
        drafts = real(state, command, now)
        if len(drafts) != 1:
            return drafts
        found, drafts = drafts, []
        for draft, change in zip(found, command.changes, strict=False):
            key = (command.attempt_id, change.item_id, str(change.value))
            if draft.kind == "response_saved" and key in seen:
                body = {"c": change.change_no, "i": change.item_id, "k": command.client_id}
                drafts.append(Draft("item_visited", "candidate", command.attempt_id, body))
            else:
                drafts.append(draft)
            seen.add(key)
        return drafts

    patch.setattr(decide_package, "_DECISIONS", {**decide_package._DECISIONS, c.SaveChanges: save})


def lost_tail(patch: pytest.MonkeyPatch) -> None:
    """A record that is set aside takes its tail along: nothing of it is handed over."""

    def nothing(*_: object) -> Iterator[Any]:
        return iter(())

    patch.setattr(follower, "strays", nothing)


def asked_is_held(patch: pytest.MonkeyPatch) -> None:
    """What a follower is given counts as held there, before it says so."""
    real = serve_followers.give_entries

    def give(box: Any, peer: Any, ask: Any) -> Any:
        given = real(box, peer, ask)
        if box.room is not None:
            now_ms = box.clock.monotonic_ms()
            box.room.copies.heard(peer.id, given.head_seq, now_ms, recent_ms=5_000)
        return given

    patch.setattr(serve_followers, "give_entries", give)


PATCHES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no fencing": no_fencing,
    "epochs counted by one": counted_epochs,
    "dedupe by content": dedupe_by_content,
    "lost tail": lost_tail,
    "asked is held": asked_is_held,
}
PAGES: dict[str, type[Workstation]] = {
    "marked sent before acknowledged": PageThatForgetsWhenSent,
    "forgotten when one box has it": PageThatForgetsWhenSaved,
}
WRITERS: dict[str, type[SimWriter]] = {
    "acknowledged before commit": WriterThatAnswersFirst,
    "time by wall clock": WriterByWallClock,
}
