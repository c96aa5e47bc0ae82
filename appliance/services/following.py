"""Following another box: what a standby has of a room session, and how it stands with its leader.

The exchange with the leader is in `sync.standby`; this is what pages and a take-over need of it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance.storage.box_store import JournalRecord
from appliance.storage.followed_journal import FollowedJournal


class RoomLine(Protocol):
    """The way to the other boxes of the room; `sync.standby` has it."""

    def proofs(self, journal_id: str, origins: Sequence[str]) -> list[bytes]:
        """Ask the boxes at `origins` who leads a room session; return the proofs they know of.

        Unverified.  Takes at most about a second and never raises.
        """

    def show_proof(self, proof: bytes, origins: Sequence[str]) -> None:
        """Show the boxes at `origins` that this one leads; never raises."""


class NoLine:
    """The line of a box that knows of no others."""

    def proofs(self, journal_id: str, origins: Sequence[str]) -> list[bytes]:
        """See RoomLine."""
        del journal_id, origins
        return []

    def show_proof(self, proof: bytes, origins: Sequence[str]) -> None:
        """See RoomLine."""


class Follower(Protocol):
    """Whoever fetches entries for a copy; `sync.standby` has it."""

    def finish(self) -> None:
        """Ask the leader to stand down and fetch the rest, if it answers; then stop for good.

        Takes at most a few seconds and never raises.
        """


@dataclass(slots=True)
class Following:
    """A copy of a room session that another box leads.  `heard_ms` is monotonic time.

    Leader and origin are empty for a copy that is held though no box leads it.
    """

    record: JournalRecord
    copy: FollowedJournal
    follower: Follower
    leader_id: str
    leader_origin: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    heard_ms: int | None = None
    caught_up_ms: int | None = None
    newest_at_ms: int | None = None
    trouble_key: str | None = None
    is_finished: bool = False
