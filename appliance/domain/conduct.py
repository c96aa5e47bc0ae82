"""Conduct: what an exam has noted of how candidates behave.

Off, unless the sitting came from the centre with the basis on which it is noted.  One thing is:
how many keys the kiosk program blocked, never which.  A number is what a computer claims, so
nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

CONDUCT_BASIS_CHARACTERS_MAX = 300
"""A sentence or two: candidates read it before they start."""
BLOCKED_KEYS_COUNT_MAX = 9999
"""A computer that claims more is not believed more."""


@dataclass(frozen=True, slots=True)
class NoteBlockedKeys:
    """Put on the record what a computer says: so many keys since it began to count."""

    actor: str
    attempt_id: str
    workstation_id: str
    reported_count: int


@dataclass(frozen=True, slots=True)
class BlockedKeys:
    """What is on the record of one attempt.

    `count` is of the whole attempt.  `reported_count` is the last number that the computer
    `workstation_id` gave, from which its next one is counted on.
    """

    count: int = 0
    workstation_id: str = ""
    reported_count: int = 0

    def with_reported(self, workstation_id: str, reported_count: int) -> BlockedKeys:
        """Return what it is after a computer gave its number.

        A number that fell, or that another computer gives, was counted from nothing.
        """
        goes_on = self.workstation_id == workstation_id and reported_count >= self.reported_count
        more = reported_count - self.reported_count if goes_on else reported_count
        return BlockedKeys(self.count + more, workstation_id, reported_count)
