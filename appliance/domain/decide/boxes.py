"""Decisions about the boxes of a room: joining, taking over, what an overtaken box alone had."""

from __future__ import annotations

from appliance.domain import box_commands as b
from appliance.domain.decide.now import Now
from appliance.domain.decide.room import clock
from appliance.domain.journal import Draft, encode_body
from appliance.domain.revisions import encode_revision
from appliance.domain.room import RoomState

OTHER_BOX = "other_box"
"""Why a change is kept aside: it was saved on a box that had been overtaken."""

_MACHINE_KINDS = frozenset(
    {
        "checkpoint_signed",
        "clock_ticked",
        "contact_lost",
        "contact_regained",
        "box_joined",
        "item_flagged",
        "item_visited",
        "outage_credited",
        "staff_noted",
        "strays_taken",
    }
)
"""Entries that nobody has to decide about.  The box that wrote them keeps them."""


def join_box(state: RoomState, command: b.JoinBox, _now: Now) -> list[Draft]:
    """Note a box, unless it is known as it is."""
    known = state.boxes.get(command.box_id)
    if known is not None and (known.name, known.origin) == (command.name, command.origin):
        return []
    body: dict[str, object] = {"name": command.name, "origin": command.origin}
    return [Draft("box_joined", command.actor, command.box_id, body)]


def take_over(state: RoomState, command: b.TakeOver, now: Now) -> list[Draft]:
    """Begin an epoch.  The room clock stood still meanwhile, so nobody's time was used."""
    body: dict[str, object] = {
        "name": command.name,
        "origin": command.origin,
        "continues_epoch": command.continues_epoch,
        "continues_seq": now.head_seq,
        "down_seconds": command.down_seconds,
        "exact": command.exact,
        "attempts": sorted(
            one.attempt_id
            for one in state.attempts.values()
            if one.account.counting_since_ms is not None
        ),
        **clock(now),
    }
    return [Draft("epoch_begun", command.actor, command.box_id, body)]


def take_strays(state: RoomState, command: b.TakeStrays, _now: Now) -> list[Draft]:
    """Keep aside what only an overtaken box had; what the page sent here again is known."""
    box = state.boxes.get(command.box_id)
    done = (box.handed_over_epoch, box.handed_over_seq) if box else (0, 0)
    fresh = [one for one in command.strays if (command.epoch, one.seq) > done]
    if not fresh:
        return []
    drafts = [draft for one in fresh for draft in _stray(state, command, one)]
    body: dict[str, object] = {"epoch": command.epoch, "seq": fresh[-1].seq, "count": len(fresh)}
    return [*drafts, Draft("strays_taken", command.actor, command.box_id, body)]


def _stray(state: RoomState, command: b.TakeStrays, stray: b.Stray) -> list[Draft]:
    if stray.kind in {"response_saved", "response_kept_aside"}:
        return _stray_response(state, stray)
    if stray.kind in _MACHINE_KINDS:
        return []
    body: dict[str, object] = {
        "box": command.box_id,
        "epoch": command.epoch,
        "seq": stray.seq,
        "at_ms": stray.at_ms,
        "kind": stray.kind,
        "by": stray.actor,
        "about": stray.subject,
        "body": encode_body(stray.body),
    }
    return [Draft("entry_left_behind", command.actor, stray.subject, body)]


def _stray_response(state: RoomState, stray: b.Stray) -> list[Draft]:
    """Keep a response aside, unless this or something later of its page stands here already."""
    item_id, response_id = str(stray.body["i"]), str(stray.body["r"])
    client_id, change_no = str(stray.body["k"]), stray.body.get("of", stray.body["c"])
    if stray.subject not in state.attempts or not isinstance(change_no, int):
        return []
    current = state.responses.get((stray.subject, item_id, response_id))
    if current is not None and current.value == stray.value:
        return []
    by_it = current is not None and current.client_id == client_id
    if current is not None and by_it and 0 < change_no <= current.change_no:
        return []
    # Two boxes may have had the same entry; it is handed over by both.
    which = (stray.subject, item_id, response_id, client_id, change_no)
    for kept in state.kept_aside.values():
        same = (kept.attempt_id, kept.item_id, kept.response_id, kept.client_id, kept.change_no)
        if kept.reason == OTHER_BOX and same == which and kept.value == stray.value:
            return []
    body: dict[str, object] = {
        # Not the page's own number: that would say that the page need not send it here.
        "c": 0,
        "of": change_no,
        "i": item_id,
        "k": client_id,
        "r": response_id,
        "reason": OTHER_BOX,
        **encode_revision(None, stray.value, splices_before=0),
    }
    return [Draft("response_kept_aside", "box", stray.subject, body)]
