"""What an import could not carry over, or carried over differently, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a line matters.

    LOST: something of the original is not in the exam.  WARNING: look before using it.
    NOTE: done differently, with nothing missing for the candidate.
    """

    LOST = "lost"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One thing to know.  `item_id` is empty where it concerns the whole exam."""

    item_id: str
    level: Level
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """All lines of one import, in the order of the exam."""

    source: str
    source_format: str
    lines: tuple[ReportLine, ...] = ()

    def at(self, level: Level) -> tuple[ReportLine, ...]:
        """Return the lines of one level."""
        return tuple(line for line in self.lines if line.level is level)
