"""An import report as a person reads it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from appliance.domain.scoring import Template
from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.import_report import Level, ReportLine

HEADINGS = {
    Level.LOST: "Not carried over",
    Level.WARNING: "Look at these before using the exam",
    Level.NOTE: "Done differently",
}
COLUMNS = 96


def report_text(authored: AuthoredExam) -> str:
    """Return the report: what there is, then what is missing, same reasons together."""
    return "\n".join([*_overview(authored), *_findings(authored), ""])


def _overview(authored: AuthoredExam) -> Iterator[str]:
    exam = authored.exam
    items = list(exam.items())
    points = sum((Decimal(item.max_score) for item in items if item.max_score), Decimal(0))
    kinds = Counter(one.kind.replace("_", " ") for item in items for one in item.interactions)
    informing = sum(not item.interactions for item in items)
    yield exam.title
    yield (
        f"{authored.report.source_format}, {counted(len(items), 'item')} in "
        f"{counted(len(exam.parts), 'part')}, language {', '.join(exam.languages)}, "
        f"{counted(len(authored.media), 'media file')}, {format(points.normalize(), 'f')} points"
    )
    yield ""
    for kind, count in kinds.most_common():
        yield f"{count:>6}  {kind}"
    if informing:
        yield f"{informing:>6}  {'items' if informing > 1 else 'item'} without a response"
    templates = Counter(
        "by a person" if one.template is Template.BY_PERSON else "by rule"
        for rule in authored.scoring.items
        for one in rule.responses
    )
    yield ""
    yield "Marked: " + (", ".join(f"{n} {how}" for how, n in templates.items()) or "nothing")


def _findings(authored: AuthoredExam) -> Iterator[str]:
    if not authored.report.lines:
        yield ""
        yield "Everything was carried over."
    for level, heading in HEADINGS.items():
        lines = authored.report.at(level)
        if lines:
            yield ""
            yield f"{heading} ({len(lines)})"
            yield from _grouped(lines)


def _grouped(lines: Iterable[ReportLine]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        by_reason.setdefault(line.reason, []).append(line.item_id or "the exam")
    for reason, places in by_reason.items():
        yield from textwrap.wrap(reason, COLUMNS, initial_indent="  - ", subsequent_indent="    ")
        yield from textwrap.wrap(
            ", ".join(places), COLUMNS, initial_indent="    in ", subsequent_indent="       "
        )


def counted(count: int, thing: str) -> str:
    """Say how many there are of a thing."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
