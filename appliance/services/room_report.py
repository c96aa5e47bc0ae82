"""The room report: what happened, who decided what, and the head of the chain that proves it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from appliance.domain.decide.now import Now
from appliance.domain.journal import Entry
from appliance.domain.room import Irregularity, RoomState
from appliance.services.box import Box
from appliance.services.show_lost_time import OutageView, show_lost_time
from appliance.services.show_room import RoomView, show_room


@dataclass(frozen=True, slots=True)
class LeftBehindView:
    """An entry that only an overtaken box had."""

    at_ms: int
    kind: str
    actor: str
    subject: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class RoomReport:
    """Everything an invigilator signs for."""

    view: RoomView
    irregularities: tuple[Irregularity, ...]
    left_behind: tuple[LeftBehindView, ...]
    entries: tuple[Entry, ...]
    outages: tuple[OutageView, ...]
    names: dict[str, str]
    head_seq: int
    fingerprint: str


_Seen = tuple[list[Irregularity], list[LeftBehindView], dict[str, str], int, bytes]


def room_report(box: Box) -> RoomReport:
    """Return the report of the open room session, up to now."""
    room = box.open_room()

    def see(state: RoomState, now: Now) -> _Seen:
        names = {one.attempt_id: one.name for one in state.attempts.values()}
        names |= {one.sitting_id: one.title for one in state.sittings.values()}
        left = [
            LeftBehindView(one.at_ms, one.kind, one.actor, one.subject, json.loads(one.body))
            for one in state.left_behind.values()
        ]
        return list(state.irregularities.values()), left, names, now.head_seq, now.head_hash

    irregularities, left_behind, names, head_seq, head_hash = room.writer.look(see)
    names |= {one.staff_id: one.name for one in box.store.staff()}
    digits = head_hash.hex()[:24]
    return RoomReport(
        view=show_room(box, by_trouble=False),
        irregularities=tuple(irregularities),
        left_behind=tuple(left_behind),
        entries=tuple(room.queries.entries()),
        outages=tuple(reversed(show_lost_time(box))),
        names=names,
        head_seq=head_seq,
        fingerprint=" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
    )
