"""The room as an invigilator sees it: every seat, what is the matter with it, and a summary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from appliance.domain.decide.now import Now
from appliance.domain.lost_time import outages
from appliance.domain.room import Attempt, RoomState, Sitting
from appliance.domain.states import AttemptState, SittingState
from appliance.services.box import Box
from appliance.services.presence import Contact

UNSENT_SECONDS = 20
"""Unsent for longer than this, a seat wants a look."""
BATTERY_LOW_PERCENT = 10


class Tone(IntEnum):
    """How much a seat wants attention, most first."""

    TROUBLE = 0
    WAIT = 1
    SAFE = 2
    AWAY = 3


@dataclass(frozen=True, slots=True)
class SeatView:
    """One candidate's place in the room, as things stand."""

    attempt_id: str
    sitting_id: str
    letter: str
    title: str
    seat: str
    name: str
    number: str
    state: AttemptState
    tone: Tone
    matter: str
    silent_seconds: int
    saved_seconds: int | None
    saved_at_ms: int | None
    remaining_ms: int
    counting: bool
    extra_percent: int
    extended_seconds: int
    responded: int
    items: int
    battery_percent: int | None
    unsent_count: int
    signed_in: bool
    asks_move: bool
    help_asked_at_ms: int | None
    kept_aside: int
    provisional: bool
    checked_in_by: str | None
    submitted_at_ms: int | None
    submitted_by: str | None
    away_seconds: int
    address: str
    accommodations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SittingView:
    """One exam in the room."""

    sitting_id: str
    letter: str
    title: str
    package_id: str
    state: SittingState
    duration_seconds: int
    planned_start_at_ms: int | None
    started_at_ms: int | None
    candidates: int
    last_remaining_ms: int
    counts: dict[AttemptState, int]
    is_locked: bool
    """Whether it was released on another box and has to be opened on this one."""


@dataclass(frozen=True, slots=True)
class RoomView:
    """The whole room."""

    room: str
    practice: bool
    opened_at_ms: int
    now_ms: int
    sittings: tuple[SittingView, ...]
    seats: tuple[SeatView, ...]
    head_seq: int
    outages_to_decide: int

    def seat_of(self, attempt_id: str) -> SeatView | None:
        """Return one seat."""
        return next((one for one in self.seats if one.attempt_id == attempt_id), None)

    def in_tone(self, tone: Tone) -> list[SeatView]:
        """Return the seats of one tone."""
        return [one for one in self.seats if one.tone is tone]


def show_room(box: Box, *, by_trouble: bool = True) -> RoomView:
    """Return the room as it is now, ordered with trouble on top or as seated."""
    room = box.open_room()
    contacts = room.presence.snapshot()
    counts = room.queries.response_counts()
    monotonic_ms = box.clock.monotonic_ms()
    lost_ms = box.settings.lost_after_seconds * 1000
    items = {
        package_id: sum(1 for item in one.exam.items() if item.interactions)
        for package_id, one in room.exams.items()
    }

    def see(state: RoomState, now: Now) -> RoomView:
        letters = _letters(state)
        saved: dict[str, int] = {}
        for client in state.clients.values():
            if client.saved_at_ms is not None:
                newest = max(saved.get(client.attempt_id, 0), client.saved_at_ms)
                saved[client.attempt_id] = newest
        kept: dict[str, int] = {}
        for aside in state.kept_aside.values():
            if aside.decision is None:
                kept[aside.attempt_id] = kept.get(aside.attempt_id, 0) + 1
        watcher = _Watcher(now, monotonic_ms, lost_ms, letters, items)
        seats = [
            watcher.seat(
                state.sittings[one.sitting_id],
                one,
                contact=contacts.get(one.attempt_id),
                saved_at_ms=saved.get(one.attempt_id),
                responded=counts.get(one.attempt_id, 0),
                kept_aside=kept.get(one.attempt_id, 0),
            )
            for one in state.attempts.values()
        ]
        seats.sort(key=lambda one: (one.tone if by_trouble else 0, _seat_order(one)))
        return RoomView(
            room=state.session.room,
            practice=state.session.practice,
            opened_at_ms=state.session.opened_at_ms or 0,
            now_ms=now.at_ms,
            sittings=tuple(
                _sitting(state, one, letters, now, is_locked=one.package_id not in items)
                for one in state.sittings.values()
            ),
            seats=tuple(seats),
            head_seq=now.head_seq,
            outages_to_decide=_outages_to_decide(state),
        )

    return room.writer.look(see)


def _outages_to_decide(state: RoomState) -> int:
    """Count outages in which somebody who still writes could be given time back."""
    writing = {
        one.attempt_id
        for one in state.attempts.values()
        if one.state in {AttemptState.WRITING, AttemptState.SUSPENDED}
    }
    found = outages(state.lost_time.values())
    return sum(
        any(lost.is_proposed and lost.attempt_id in writing for lost in one.lost) for one in found
    )


def _letters(state: RoomState) -> dict[str, str]:
    """Give each sitting the first letter of its title that is still free."""
    letters: dict[str, str] = {}
    for sitting in state.sittings.values():
        free = [char.upper() for char in sitting.title if char.isalpha()]
        letters[sitting.sitting_id] = next(
            (char for char in free if char not in letters.values()), str(len(letters) + 1)
        )
    return letters


def _seat_order(one: SeatView) -> tuple[int, int, str]:
    """Numbered seats by number, then named ones, then those without."""
    if one.seat.isdigit():
        return (0, int(one.seat), "")
    return (1, 0, one.seat) if one.seat else (2, 0, one.name)


def _sitting(
    state: RoomState, sitting: Sitting, letters: dict[str, str], now: Now, *, is_locked: bool
) -> SittingView:
    attempts = state.attempts_of(sitting.sitting_id)
    counts: dict[AttemptState, int] = {}
    for one in attempts:
        counts[one.state] = counts.get(one.state, 0) + 1
    writing = [one for one in attempts if one.state is AttemptState.WRITING]
    return SittingView(
        sitting_id=sitting.sitting_id,
        letter=letters[sitting.sitting_id],
        title=sitting.title,
        package_id=sitting.package_id,
        state=sitting.state,
        duration_seconds=sitting.duration_seconds,
        planned_start_at_ms=sitting.planned_start_at_ms,
        started_at_ms=sitting.started_at_ms,
        candidates=len(attempts),
        last_remaining_ms=max(
            (one.account.remaining_ms(now.clock_ms) for one in writing), default=0
        ),
        counts=counts,
        is_locked=is_locked and sitting.state.is_open,
    )


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Tells what is the matter with a seat."""

    now: Now
    monotonic_ms: int
    lost_ms: int
    letters: dict[str, str]
    items: dict[str, int]

    def seat(
        self,
        sitting: Sitting,
        attempt: Attempt,
        *,
        contact: Contact | None,
        saved_at_ms: int | None,
        responded: int,
        kept_aside: int,
    ) -> SeatView:
        silent_ms = 0 if contact is None else self.monotonic_ms - contact.heard_ms
        saved_seconds = (
            None if saved_at_ms is None else max(0, (self.now.at_ms - saved_at_ms) // 1000)
        )
        tone, matter = self._matter(attempt, contact, silent_ms, saved_seconds, kept_aside)
        base = max(1, sitting.duration_seconds)
        granted = attempt.account.allotted_seconds - attempt.extended_seconds
        return SeatView(
            attempt_id=attempt.attempt_id,
            sitting_id=sitting.sitting_id,
            letter=self.letters[sitting.sitting_id],
            title=sitting.title,
            seat=attempt.seat or "",
            name=attempt.name,
            number=attempt.number,
            state=attempt.state,
            tone=tone,
            matter=matter,
            silent_seconds=silent_ms // 1000,
            saved_seconds=saved_seconds,
            saved_at_ms=saved_at_ms,
            remaining_ms=attempt.account.remaining_ms(self.now.clock_ms),
            counting=attempt.account.counting_since_ms is not None,
            extra_percent=max(0, (granted - base) * 100 // base),
            extended_seconds=attempt.extended_seconds,
            responded=responded,
            items=self.items.get(sitting.package_id, 0),
            battery_percent=contact.battery_percent if contact else None,
            unsent_count=contact.unsent_count if contact else 0,
            signed_in=attempt.client_id is not None,
            asks_move=attempt.waiting_client_id is not None,
            help_asked_at_ms=attempt.help_asked_at_ms,
            kept_aside=kept_aside,
            provisional=attempt.provisional,
            checked_in_by=attempt.checked_in_by,
            submitted_at_ms=attempt.submitted_at_ms,
            submitted_by=attempt.submitted_by,
            away_seconds=attempt.away_seconds,
            address=contact.address if contact else "",
            accommodations=tuple((one.name, one.value) for one in attempt.accommodations),
        )

    def _matter(  # noqa: PLR0911 - the order of these lines is the order of what matters
        self,
        attempt: Attempt,
        contact: Contact | None,
        silent_ms: int,
        saved_seconds: int | None,
        kept_aside: int,
    ) -> tuple[Tone, str]:
        writing = attempt.state in {AttemptState.WRITING, AttemptState.SUSPENDED}
        if attempt.waiting_client_id is not None:
            return Tone.WAIT, "asks_move"
        if kept_aside:
            return Tone.WAIT, "kept_aside"
        if writing and silent_ms > self.lost_ms:
            return Tone.TROUBLE, "silent"
        if writing and attempt.help_asked_at_ms is not None:
            return Tone.WAIT, "help"
        if writing and contact and contact.unsent_count and (saved_seconds or 0) > UNSENT_SECONDS:
            return Tone.WAIT, "unsent"
        if writing and contact and (contact.battery_percent or 100) < BATTERY_LOW_PERCENT:
            return Tone.WAIT, "battery"
        if writing:
            return Tone.SAFE, "suspended" if attempt.state is AttemptState.SUSPENDED else "saved"
        if attempt.state is AttemptState.EXPECTED and attempt.client_id is not None:
            return Tone.WAIT, "to_check_in"
        if attempt.state is AttemptState.ADMITTED:
            return (Tone.SAFE, "ready") if attempt.client_id else (Tone.WAIT, "no_computer")
        return Tone.AWAY, attempt.state.value
