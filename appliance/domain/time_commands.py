"""What somebody wants done about time that was lost.  See `appliance.domain.commands`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DecideLostTime:
    """Give lost time back, or do not.  `seconds` None gives each what was measured."""

    actor: str
    lost_ids: tuple[str, ...]
    granted: bool
    seconds: int | None
    reason: str
