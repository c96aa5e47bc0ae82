"""How this box stands with the box that leads: what the standby's page shows."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.services.box import Box

SILENT_AFTER_MS = 3_000


@dataclass(frozen=True, slots=True)
class StandbyView:
    """What somebody who thinks of taking over must know.  Times are UTC ms, lengths seconds.

    `matter` is "waits" (no room open there yet), "fetches", "follows", "silent" (the leader is not
    heard from) or "trouble" (`trouble_key` says which).
    """

    matter: str
    leader_origin: str
    room: str
    candidates: int
    writing: int
    has_until_ms: int | None
    silent_seconds: int
    trouble_key: str | None
    was_overtaken: bool

    @property
    def can_take_over(self) -> bool:
        """Say whether there is a room here to go on with."""
        return self.has_until_ms is not None


def show_standby(box: Box) -> StandbyView:
    """Look at what this box follows."""
    following = box.following
    was_overtaken = box.retired is not None
    if following is None:
        origin = box.settings.standby_of
        return StandbyView("waits", origin, box.settings.room, 0, 0, None, 0, None, was_overtaken)
    with following.lock:
        state = following.copy.state
        has_any = following.copy.journal.head_seq > 0
        room = state.session.room
        candidates = len(state.attempts)
        writing = sum(one.account.counting_since_ms is not None for one in state.attempts.values())
        has_until_ms = following.newest_at_ms or (state.session.tick_at_ms or None)
    now_ms = box.clock.monotonic_ms()
    heard_ms = following.heard_ms
    silent_ms = now_ms - heard_ms if heard_ms is not None else 0
    if heard_ms is None or silent_ms > SILENT_AFTER_MS:
        matter = "silent"
    elif following.trouble_key is not None:
        matter = "trouble"
    else:
        matter = "follows" if following.caught_up_ms is not None else "fetches"
    return StandbyView(
        matter=matter,
        leader_origin=following.leader_origin,
        room=room,
        candidates=candidates,
        writing=writing,
        has_until_ms=has_until_ms if has_any else None,
        silent_seconds=silent_ms // 1000,
        trouble_key=following.trouble_key,
        was_overtaken=was_overtaken,
    )
