"""How far the sync of one journal is: a stage, and how that stage stands.

Two small vocabularies instead of one large one.  Both are persisted, so that a power cut resumes
where it was and the staff page can say what is going on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from appliance.domain.errors import InvariantViolated


class SyncStage(StrEnum):
    """The steps of one exchange, in their order."""

    READING = "reading"
    SEALING = "sealing"
    SENDING = "sending"
    CONFIRMING = "confirming"


class SyncStatus(StrEnum):
    """How the current stage stands: at work, waiting to try again, done, stopped for a person."""

    STARTED = "started"
    WAITING = "waiting"
    COMPLETED = "completed"
    STOPPED = "stopped"


SyncPoint = tuple[SyncStage, SyncStatus]

_ORDER = tuple(SyncStage)


def _moves_from(stage: SyncStage, status: SyncStatus) -> frozenset[SyncPoint]:
    """A stage starts, then completes, waits or stops; whatever went wrong begins with reading."""
    again: SyncPoint = (SyncStage.READING, SyncStatus.STARTED)
    if status is not SyncStatus.STARTED:
        return frozenset({again})
    position = _ORDER.index(stage)
    ahead: set[SyncPoint] = {(stage, SyncStatus.WAITING), (stage, SyncStatus.STOPPED), again}
    # `again` from the middle: killed there, or the centre wants another run.
    if position + 1 < len(_ORDER):
        ahead.add((_ORDER[position + 1], SyncStatus.STARTED))
    if stage in {SyncStage.READING, SyncStage.CONFIRMING}:
        ahead.add((stage, SyncStatus.COMPLETED))  # nothing new, or a receipt
    return frozenset(ahead)


SYNC_MOVES: Mapping[SyncPoint, frozenset[SyncPoint]] = MappingProxyType(
    {(stage, status): _moves_from(stage, status) for stage in SyncStage for status in SyncStatus}
)


def require_sync_move(point: SyncPoint, wanted: SyncPoint) -> None:
    """Raise InvariantViolated for a move that is not in the table."""
    if wanted not in SYNC_MOVES[point]:
        raise InvariantViolated(f"sync cannot go from {point} to {wanted}")
