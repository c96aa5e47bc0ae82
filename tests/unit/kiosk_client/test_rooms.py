"""Which boxes belong together, and where a page is opened."""

from __future__ import annotations

from kiosk_client.rooms import RoomSeen, rooms_of
from kiosk_client.trust import BoxSeen

A, B, C = "https://a.example", "https://b.example", "https://c.example"


def _box(
    room: str = "Room", *, leads: bool = False, epoch: int = 0, leader: str = "", boxes: str = ""
) -> BoxSeen:
    return BoxSeen(
        box_id="x", leads=leads, epoch=epoch, leader=leader, boxes=boxes.split(), room=room
    )


def test_standby_belongs_to_the_box_that_it_follows() -> None:
    """One room, opened at the box that leads."""
    seen = {A: _box(leads=True, epoch=1, leader=A, boxes=f"{A} {B}"), B: _box(leader=A)}
    assert [RoomSeen("Room", A, A, frozenset({A, B}))] == rooms_of(seen)


def test_the_higher_epoch_leads_when_two_boxes_say_they_do() -> None:
    """The one that was taken over may not know it yet."""
    seen = {
        A: _box(leads=True, epoch=1, leader=A, boxes=f"{A} {B}"),
        B: _box(leads=True, epoch=2, leader=B, boxes=f"{A} {B}"),
    }
    assert B == rooms_of(seen)[0].open_at


def test_no_page_is_opened_while_the_box_that_leads_is_silent() -> None:
    """The standby alone would send it back there; the room is still known by both."""
    assert [RoomSeen("Room", "", B, frozenset({A, B}))] == rooms_of({B: _box(leader=A)})


def test_rooms_of_one_name_are_two_rooms() -> None:
    """Names are for people; what belongs together is what boxes say of each other."""
    seen = {A: _box(leads=True, epoch=1, leader=A, boxes=A), C: _box()}
    assert [A, C] == [one.open_at for one in rooms_of(seen)]


def test_boxes_are_put_together_by_way_of_a_third() -> None:
    """Two standbys name the same box."""
    seen = {A: _box(leader=B), C: _box(leader=B), B: _box()}
    assert [frozenset({A, B, C})] == [one.origins for one in rooms_of(seen)]
