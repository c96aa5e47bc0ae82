"""What entries about the room session change."""

from __future__ import annotations

from appliance.domain.evolve.reading import Body, number, text, text_or_none
from appliance.domain.journal import Entry
from appliance.domain.room import Irregularity, Message, RoomState


def room_session_opened(state: RoomState, entry: Entry, body: Body) -> None:
    """The room is open."""
    session = state.session
    session.room = text(body, "room")
    session.practice = bool(body["practice"])
    session.opened_at_ms = entry.at_ms
    session.opened_by = entry.actor
    clock_ticked(state, entry, body)


def clock_ticked(state: RoomState, entry: Entry, body: Body) -> None:
    """The room clock is persisted."""
    session = state.session
    session.clock_ms = max(session.clock_ms, number(body, "t"))
    session.tick_at_ms = entry.at_ms
    session.tick_monotonic_ms = number(body, "mono_ms")
    session.boot_id = text(body, "boot")
    state.touched.add(("session", session.journal_id))


def room_session_sealed(state: RoomState, entry: Entry, _body: Body) -> None:
    """The room is closed for good."""
    state.session.sealed_at_ms = entry.at_ms
    state.touched.add(("session", state.session.journal_id))


def checkpoint_signed(state: RoomState, entry: Entry, _body: Body) -> None:
    """The head was signed; this entry itself is the newest checkpoint."""
    state.session.checkpoint_seq = entry.seq
    state.touched.add(("session", state.session.journal_id))


def message_sent(state: RoomState, entry: Entry, body: Body) -> None:
    """Candidates will see it."""
    message_id = text(body, "message_id")
    state.messages[message_id] = Message(
        message_id=message_id,
        sitting_id=text(body, "sitting_id"),
        attempt_id=text_or_none(body, "attempt_id"),
        text=text(body, "text"),
        sent_at_ms=entry.at_ms,
        sent_by=entry.actor,
    )
    state.touched.add(("messages", message_id))


def irregularity_written(state: RoomState, entry: Entry, body: Body) -> None:
    """It will stand in the report."""
    irregularity_id = text(body, "irregularity_id")
    state.irregularities[irregularity_id] = Irregularity(
        irregularity_id=irregularity_id,
        attempt_id=text_or_none(body, "attempt_id"),
        text=text(body, "text"),
        written_at_ms=entry.at_ms,
        written_by=entry.actor,
    )
    state.touched.add(("irregularities", irregularity_id))


def staff_noted(_state: RoomState, _entry: Entry, _body: Body) -> None:
    """On the record only."""


KINDS = {
    "room_session_opened": room_session_opened,
    "room_session_sealed": room_session_sealed,
    "clock_ticked": clock_ticked,
    "outage_credited": clock_ticked,
    "checkpoint_signed": checkpoint_signed,
    "message_sent": message_sent,
    "irregularity_written": irregularity_written,
    "staff_noted": staff_noted,
}
