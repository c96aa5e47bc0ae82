"""The workstations as staff see them: who sits there, how it is, and what wants a look."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.conduct import BlockedKeys
from appliance.domain.decide.now import Now
from appliance.domain.room import RoomState
from appliance.services.box import Box
from appliance.services.note_conduct import counting_seats
from appliance.services.workstations import BATTERY_LOW_PERCENT, Workstation


@dataclass(frozen=True, slots=True)
class WorkstationView:
    """One workstation; `seat` is empty until a candidate's page speaks from it.

    `notices` name what wants a look: lost, hand, lock_screen, unreadable, virtual_machine,
    displays, plugged, battery.  `blocked_keys_count` is of the candidate's attempt, None where no
    conduct is noted.
    """

    workstation: Workstation
    seat: str
    silent_seconds: int
    notices: tuple[str, ...]
    blocked_keys_count: int | None = None


def show_workstations(box: Box, *, with_conduct: bool) -> list[WorkstationView]:
    """Return every workstation that has reported, those that want a look first."""
    seats = _seats(box)
    blocked = _blocked_keys(box) if with_conduct else {}
    now_ms = box.clock.monotonic_ms()
    shown = []
    for one in box.workstations.snapshot():
        silent_ms = now_ms - one.heard_ms
        lost = silent_ms > box.settings.lost_after_seconds * 1000
        shown.append(
            WorkstationView(
                workstation=one,
                seat=seats.get(one.workstation_id, ""),
                silent_seconds=silent_ms // 1000,
                notices=notices(one, lost=lost),
                blocked_keys_count=blocked.get(one.workstation_id),
            )
        )
    return sorted(shown, key=lambda one: (not one.notices, one.workstation.report.name))


def notices(one: Workstation, *, lost: bool) -> tuple[str, ...]:
    """Return what of a workstation wants a look, the gravest first."""
    report = one.report
    low = report.battery_percent is not None and report.battery_percent < BATTERY_LOW_PERCENT
    found = (
        # One that was let go is expected to go.
        ("lost", lost and not one.wanted.release),
        ("hand", "hand" in report.asks),
        ("lock_screen", "lock_screen" in report.asks),
        ("unreadable", report.unsent_work == "unreadable"),
        ("virtual_machine", bool(report.virtual_machine)),
        ("displays", (report.displays_count or 0) > 1),
        ("plugged", bool(report.plugged)),
        ("battery", low and not report.is_charging),
    )
    return tuple(name for name, is_so in found if is_so)


def _seats(box: Box) -> dict[str, str]:
    """Return the seat of each workstation that a candidate's page has named."""
    room = box.room
    if room is None:
        return {}
    sits_at = {
        attempt_id: contact.workstation_id
        for attempt_id, contact in room.presence.snapshot().items()
        if contact.workstation_id
    }

    def see(state: RoomState, _now: Now) -> dict[str, str]:
        return {
            workstation_id: state.attempts[attempt_id].seat or ""
            for attempt_id, workstation_id in sits_at.items()
            if attempt_id in state.attempts
        }

    return room.writer.look(see)


def _blocked_keys(box: Box) -> dict[str, int]:
    """Return how many keys were blocked in each attempt for which a workstation counts.

    One that has told no number, a Safe Exam Browser say, is left out: none is not zero.
    """
    room = box.room
    if room is None:
        return {}
    contacts, reported = room.presence.snapshot(), box.workstations.blocked_keys()

    def see(state: RoomState, _now: Now) -> dict[str, int]:
        counts = {}
        for workstation_id, attempt_id in counting_seats(state, contacts).items():
            known = state.blocked_keys.get(attempt_id)
            if workstation_id in reported:
                known = (known or BlockedKeys()).with_reported(
                    workstation_id, reported[workstation_id]
                )
            if known is not None:
                counts[workstation_id] = known.count
        return counts

    return room.writer.look(see)
