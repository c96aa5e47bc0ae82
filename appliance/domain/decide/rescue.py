"""The decision about work that was carried from a candidate's computer.

It is judged as if the computer had sent it: saved where it is the newest, kept aside where it meets
something else, passed over where it is known.
"""

from __future__ import annotations

from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import save_in_order
from appliance.domain.journal import Draft
from appliance.domain.rescue_commands import TakeRescuedWork
from appliance.domain.room import Client, RoomState


def take_rescued_work(state: RoomState, command: TakeRescuedWork, now: Now) -> list[Draft]:
    """Take the changes in, and say on the record what became of them."""
    attempt = state.attempt(command.attempt_id)
    client = state.clients.get((command.attempt_id, command.client_id))
    if client is None:
        # A browser that this box has never seen: everything it has waits for a decision.
        client = Client(command.attempt_id, command.client_id, "")
    changes = sorted(command.changes, key=lambda one: one.change_no)
    next_no = client.acknowledged_change_no + 1
    if changes:
        # A person brought the file, so there is nothing else to wait for: a gap is no reason.
        next_no = max(next_no, changes[0].change_no)
    drafts = [
        draft
        for draft in save_in_order(state, client, changes, next_no=next_no, now=now)
        if not _waits_already(state, draft)
    ]
    body: dict[str, object] = {
        "client": command.client_id,
        "count": len(changes),
        "saved": sum(draft.kind == "response_saved" for draft in drafts),
        "kept_aside": sum(draft.kind == "response_kept_aside" for draft in drafts),
    }
    return [*drafts, Draft("work_rescued", command.actor, attempt.attempt_id, body)]


def _waits_already(state: RoomState, draft: Draft) -> bool:
    """Say whether the same change was kept aside before, when the file is taken in once more."""
    if draft.kind != "response_kept_aside":
        return False
    body = draft.body
    which = (draft.subject, body["i"], body["r"], body["k"], body["c"])
    return any(
        (one.attempt_id, one.item_id, one.response_id, one.client_id, one.change_no) == which
        for one in state.kept_aside.values()
    )
