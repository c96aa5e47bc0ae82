"""The room report: what happened, who decided what, and the head of the chain that proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.domain.decide.now import Now
from appliance.domain.evolve.reading import number, text
from appliance.domain.journal import Entry
from appliance.domain.room import Irregularity, RoomState
from appliance.services.box import Box
from appliance.services.show_conduct import ConductView, show_conduct
from appliance.services.show_lost_time import OutageView, show_lost_time
from appliance.services.show_room import RoomView, show_room


@dataclass(frozen=True, slots=True)
class RoomReport:
    """Everything an invigilator signs for."""

    view: RoomView
    irregularities: tuple[Irregularity, ...]
    entries: tuple[Entry, ...]
    left_behind: tuple[Entry, ...]
    outages: tuple[OutageView, ...]
    conduct: tuple[ConductView, ...]
    names: dict[str, str]
    head_seq: int
    fingerprint: str


def room_report(box: Box) -> RoomReport:
    """Return the report of the open room session, up to now."""
    room = box.open_room()

    def see(state: RoomState, now: Now) -> tuple[list[Irregularity], dict[str, str], int, bytes]:
        names = {one.attempt_id: one.name for one in state.attempts.values()}
        names |= {one.sitting_id: one.title for one in state.sittings.values()}
        return list(state.irregularities.values()), names, now.head_seq, now.head_hash

    irregularities, names, head_seq, head_hash = room.writer.look(see)
    entries = tuple(room.queries.entries())
    names |= {one.staff_id: one.name for one in box.store.staff()}
    digits = head_hash.hex()[:24]
    return RoomReport(
        view=show_room(box, by_trouble=False),
        irregularities=tuple(irregularities),
        entries=entries,
        left_behind=left_behind(entries),
        outages=tuple(reversed(show_lost_time(box))),
        conduct=show_conduct(box),
        names=names,
        head_seq=head_seq,
        fingerprint=" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
    )


def left_behind(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return what only an overtaken box had, as that box wrote it; each once.

    Two boxes may have had the same entry, and then both have handed it over.
    """
    found: dict[tuple[int, int], Entry] = {}
    for entry in entries:
        if entry.kind != "entry_left_behind":
            continue
        body = entry.decoded_body()
        place = number(body, "epoch"), number(body, "seq")
        wrote = text(body, "kind"), text(body, "by"), text(body, "about"), text(body, "body")
        found[place] = Entry(*place, number(body, "at_ms"), *wrote, b"")
    return tuple(found.values())
