"""Gathering the lines of an import report while importing."""

from __future__ import annotations

from appliance.formats.import_report import ImportReport, Level, ReportLine

LINES_MAX = 5_000


class Report:
    """Collects lines; the same line about the same item is kept once."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.source_format = ""
        self._lines: dict[ReportLine, None] = {}

    def add(self, level: Level, reason: str, *, item_id: str = "") -> None:
        """Add one line."""
        line = ReportLine(item_id=item_id, level=level, reason=reason)
        if len(self._lines) < LINES_MAX:
            self._lines[line] = None
        elif len(self._lines) == LINES_MAX:
            more = f"There are more than {LINES_MAX} lines; the rest is not listed."
            self._lines[ReportLine(item_id="", level=Level.WARNING, reason=more)] = None

    def closed(self) -> ImportReport:
        """Return the report as it stands."""
        return ImportReport(
            source=self.source, source_format=self.source_format, lines=tuple(self._lines)
        )


class ItemReport:
    """A report seen from one item, section or stimulus."""

    def __init__(self, report: Report, item_id: str) -> None:
        self._report = report
        self.item_id = item_id

    def lost(self, reason: str) -> None:
        """Say what is not in the exam."""
        self._report.add(Level.LOST, reason, item_id=self.item_id)

    def warn(self, reason: str) -> None:
        """Say what to look at before using the exam."""
        self._report.add(Level.WARNING, reason, item_id=self.item_id)

    def note(self, reason: str) -> None:
        """Say what is done differently."""
        self._report.add(Level.NOTE, reason, item_id=self.item_id)
