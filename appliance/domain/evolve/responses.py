"""What entries about responses change."""

from __future__ import annotations

from appliance.domain.evolve.reading import Body, number, text
from appliance.domain.journal import Entry
from appliance.domain.revisions import decode_revision, is_splice
from appliance.domain.room import CurrentResponse, ItemMark, KeptAside, RoomState


def response_saved(state: RoomState, entry: Entry, body: Body) -> None:
    """A response has a new revision."""
    key = (entry.subject, text(body, "i"), text(body, "r"))
    previous = state.responses.get(key)
    state.responses[key] = revised(previous, body, seq=entry.seq, at_ms=entry.at_ms)
    state.touched.add(("responses", key))
    if number(body, "c") == 0:
        # Staff put it there: the candidate's page has to fetch what it did not write.
        state.attempt(entry.subject).replaced_count += 1
        state.touched.add(("attempts", entry.subject))
    _acknowledge(state, entry, body)


def revised(
    previous: CurrentResponse | None, body: Body, *, seq: int, at_ms: int
) -> CurrentResponse:
    """Return the response as it stands after the revision in `body`."""
    return CurrentResponse(
        value=decode_revision(previous.value if previous else None, body),
        revision_no=number(body, "n"),
        splice_count=previous.splice_count + 1 if previous and is_splice(body) else 0,
        seq=seq,
        client_id=text(body, "k"),
        change_no=number(body, "c"),
        saved_at_ms=at_ms,
        late="late" in body,
    )


def response_kept_aside(state: RoomState, entry: Entry, body: Body) -> None:
    """A change waits for a decision."""
    kept_id = str(entry.seq)
    state.kept_aside[kept_id] = KeptAside(
        kept_id=kept_id,
        attempt_id=entry.subject,
        item_id=text(body, "i"),
        response_id=text(body, "r"),
        value=decode_revision(None, body),
        reason=text(body, "reason"),
        client_id=text(body, "k"),
        # Taken from an overtaken box, it still tells which change of the page it was.
        change_no=number(body, "of") if "of" in body else number(body, "c"),
        kept_at_ms=entry.at_ms,
    )
    state.touched.add(("kept_aside", kept_id))
    _acknowledge(state, entry, body)


def kept_aside_decided(state: RoomState, _entry: Entry, body: Body) -> None:
    """A person decided about it."""
    kept_id = text(body, "kept_id")
    state.kept_aside[kept_id].decision = text(body, "decision")
    state.touched.add(("kept_aside", kept_id))


def item_flagged(state: RoomState, entry: Entry, body: Body) -> None:
    """To come back to, or no longer."""
    _mark(state, entry, body).flagged = bool(body["flagged"])
    _acknowledge(state, entry, body)


def item_visited(state: RoomState, entry: Entry, body: Body) -> None:
    """Seen, first at this time."""
    mark = _mark(state, entry, body)
    mark.visited_at_ms = mark.visited_at_ms or entry.at_ms
    _acknowledge(state, entry, body)


def _mark(state: RoomState, entry: Entry, body: Body) -> ItemMark:
    key = (entry.subject, text(body, "i"))
    state.touched.add(("item_marks", key))
    return state.item_marks.setdefault(key, ItemMark(*key, flagged=False, visited_at_ms=None))


def _acknowledge(state: RoomState, entry: Entry, body: Body) -> None:
    """Note how far this browser's changes have come; staff decisions carry change 0."""
    client = state.clients.get((entry.subject, text(body, "k")))
    if client is not None and number(body, "c") > client.acknowledged_change_no:
        client.acknowledged_change_no = number(body, "c")
        client.saved_at_ms = entry.at_ms
        state.touched.add(("clients", (client.attempt_id, client.client_id)))


def work_rescued(_state: RoomState, _entry: Entry, _body: Body) -> None:
    """On the record only; what was taken in has entries of its own."""


KINDS = {
    "work_rescued": work_rescued,
    "response_saved": response_saved,
    "response_kept_aside": response_kept_aside,
    "kept_aside_decided": kept_aside_decided,
    "item_flagged": item_flagged,
    "item_visited": item_visited,
}
