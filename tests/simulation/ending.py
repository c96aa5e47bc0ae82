"""What must be true after the quiet: everybody agrees, and nothing acknowledged is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from appliance.domain.journal import chain_start, verify_chain
from appliance.domain.room import RoomState
from sync.central.database import read
from sync.central.intake import ruling_entries
from sync.central.tables import conflicts
from tests.simulation.box_machine import BoxMachine
from tests.simulation.promises import Told
from tests.simulation.workstation import Workstation

if TYPE_CHECKING:
    from tests.simulation.play import Play

TOLERANCE_MS = 10_000


def check_ending(play: Play) -> None:
    """Check everything that can only be said at the end."""
    alive = [one for one in play.boxes if not one.is_destroyed and one.damaged is None]
    leaders = play.leaders()
    if not any(one.has_journal() for one in alive):
        # The last box with a copy is gone, or its copy is: what is left is at the centre.
        return
    if len(leaders) != 1:
        play.promises.broken(f"{len(leaders)} boxes lead: {[one.name for one in leaders]}")
    leader = leaders[0]
    assert leader.box is not None
    assert leader.box.room is not None
    state = leader.box.room.writer._state
    for page in play.pages:
        _page_is_through(play, page, state)
    _nothing_is_lost(play, leader, state)
    _time_is_fair(play, state)
    _others_agree(play, leader)
    _centre_has_it_once(play, leader)


def _page_is_through(play: Play, page: Workstation, state: RoomState) -> None:
    if page.is_dead:
        return
    if page.unsent:
        play.promises.broken(f"{page.name} still has {len(page.unsent)} unsent changes")
    client = state.clients.get((page.attempt_id, page.client_id))
    if client is None or client.acknowledged_change_no != page.last_no:
        play.promises.broken(f"{page.name} made {page.last_no} changes, the box has {client}")


def _nothing_is_lost(play: Play, leader: BoxMachine, state: RoomState) -> None:
    arrived = _arrived(leader)
    for (attempt_id, client_id), told in play.promises.told_changes.items():
        page = next(one for one in play.pages if one.client_id == client_id)
        here = arrived.get((attempt_id, client_id), set())
        for no, one in sorted(told.items()):
            if no in here or _excused(play, page, one):
                continue
            # Something later of the same page stands in its place.
            if any(
                at in here and told_item(page, at) == one.item for at in range(no, page.last_no + 1)
            ):
                continue
            if _stands(state, attempt_id, one.item) == one.value:
                continue
            play.promises.broken(f"{client_id} change {no} {one} is nowhere")
        # What stands is the newest of what has arrived, even where the answer never did.
        newest = {item: value for no, (item, value) in sorted(page.made.items()) if no in here}
        for item, value in newest.items():
            aside = any(
                kept.client_id == client_id and kept.item_id == item
                for kept in state.kept_aside.values()
            )
            if _stands(state, attempt_id, item) != value and not aside:
                play.promises.broken(f"{client_id} {item} is not what was written last: {value!r}")


def told_item(page: Workstation, no: int) -> str:
    """Return the item of a change that a page made."""
    return page.made[no][0] if no in page.made else ""


def _arrived(leader: BoxMachine) -> dict[tuple[str, str], set[int]]:
    """Return which changes of which pages the leader's journal holds, saved or kept aside."""
    arrived: dict[tuple[str, str], set[int]] = {}
    for entry in leader.entries():
        if entry.kind in {"response_saved", "response_kept_aside"}:
            body = entry.decoded_body()
            number = body.get("of", body["c"]) if entry.kind.endswith("aside") else body["c"]
            arrived.setdefault((entry.subject, str(body["k"])), set()).add(int(str(number)))
    return arrived


def _stands(state: RoomState, attempt_id: str, item: str) -> object:
    current = state.responses.get((attempt_id, item, "RESPONSE"))
    return current.value if current else None


def _excused(play: Play, page: Workstation, told: Told) -> bool:
    """Only a computer and every box that had it dying together excuse a loss."""
    gone = {one.name for one in play.boxes if one.is_destroyed or one.damaged is not None}
    return page.is_dead and told.by <= gone and told.copied_to <= gone


def _time_is_fair(play: Play, state: RoomState) -> None:
    clock_ms = play.leaders()[0].room_clock_ms()
    for attempt in state.attempts.values():
        used_ms = attempt.account.used_at(clock_ms)
        if used_ms > play.promises.served_ms + TOLERANCE_MS:
            play.promises.broken(
                f"{attempt.name} used {used_ms} ms of the {play.promises.served_ms} served"
            )


def _others_agree(play: Play, leader: BoxMachine) -> None:
    ours = leader.entries()
    verify_chain(ours, previous=chain_start(leader.journal_id()), after_seq=0)
    for machine in play.boxes:
        if machine is leader or machine.is_destroyed or machine.damaged is not None:
            continue
        if not machine.has_journal():
            play.promises.broken(f"{machine.name} follows nothing")
        theirs = machine.entries()
        if theirs != ours[: len(theirs)] or len(ours) - len(theirs) > 50:
            play.promises.broken(
                f"{machine.name} has {len(theirs)} entries, {leader.name} {len(ours)}"
            )


def _centre_has_it_once(play: Play, leader: BoxMachine) -> None:
    ours = leader.entries()
    with read(play.centre.centre.engine) as connection:
        theirs = list(ruling_entries(connection, leader.journal_id()))
        noted = connection.execute(select(conflicts.c.seq)).all()
    if theirs != ours[: len(theirs)] or len(ours) - len(theirs) > 50:
        play.promises.broken(
            f"the centre has {len(theirs)} entries, {leader.name} {len(ours)}; conflicts {noted}"
        )
