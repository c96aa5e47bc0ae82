"""What entries about the boxes of a room change."""

from __future__ import annotations

from appliance.domain.evolve.reading import Body, number, text
from appliance.domain.evolve.room import clock_ticked
from appliance.domain.journal import Entry
from appliance.domain.room import RoomBox, RoomState


def box_joined(state: RoomState, entry: Entry, body: Body) -> None:
    """A box of this room is known, or known by another address."""
    box = state.boxes.setdefault(entry.subject, RoomBox(entry.subject, "", ""))
    box.name, box.origin = text(body, "name"), text(body, "origin")
    state.touched.add(("boxes", box.box_id))


def epoch_begun(state: RoomState, entry: Entry, body: Body) -> None:
    """Another box writes from here on; the room clock goes on where it stood."""
    box_joined(state, entry, body)
    box = state.boxes[entry.subject]
    box.epoch, box.continues_seq = entry.epoch, number(body, "continues_seq")
    clock_ticked(state, entry, body)


def entry_left_behind(_state: RoomState, _entry: Entry, _body: Body) -> None:
    """On the record only: the pages read it there."""


def strays_taken(state: RoomState, entry: Entry, body: Body) -> None:
    """Up to here everything that an overtaken box alone had has been taken in."""
    box = state.boxes.setdefault(entry.subject, RoomBox(entry.subject, "", ""))
    box.handed_over_epoch, box.handed_over_seq = number(body, "epoch"), number(body, "seq")
    state.touched.add(("boxes", box.box_id))


KINDS = {
    "box_joined": box_joined,
    "epoch_begun": epoch_begun,
    "entry_left_behind": entry_left_behind,
    "strays_taken": strays_taken,
}
