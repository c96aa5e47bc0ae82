"""Results as files: a table for people, JSON for systems, and essays for markers without names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from appliance.formats.roster_csv import guard_cell
from sync.central.centre import Centre
from sync.central.results import (
    AttemptResult,
    shown_result,
    sitting_evidence,
    sitting_results,
)


def results_csv(centre: Centre, sitting_id: str) -> bytes:
    """Return one line for each attempt with its score by item; UTF-8 with a byte order mark."""
    results = sitting_results(centre, sitting_id)
    item_ids = [score.item_id for score in results[0].scores] if results else []
    head = [
        *("number", "family name", "given name", "state", "started at", "submitted at"),
        *("responses given", "points", "points possible", "items to mark", "walk-in"),
        *item_ids,
    ]
    return _csv([head, *(_line(result) for result in results)])


def results_json(centre: Centre, sitting_id: str) -> bytes:
    """Return all results of a sitting with the evidence that they are complete."""
    value = {
        "format": "sitting-results/1",
        "sitting_id": sitting_id,
        "evidence": sitting_evidence(centre, sitting_id),
        "results": [shown_result(result) for result in sitting_results(centre, sitting_id)],
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def marking_csv(centre: Centre, sitting_id: str) -> bytes:
    """Return the responses that a person marks: code, item, response; no names, no numbers.

    Sorted by item and code, so that one item is marked for all, in an order that tells nothing.
    """
    lines: list[Sequence[object]] = []
    for result in sitting_results(centre, sitting_id):
        waiting = {score.item_id for score in result.scores if score.needs_person}
        for (item_id, response_id), value in result.responses.items():
            if item_id in waiting:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                lines.append((item_id, result.attempt["anonymous_code"], response_id, text))
    return _csv([("item", "code", "response id", "response"), *sorted(lines, key=str)])


def _line(result: AttemptResult) -> list[object]:
    row = result.attempt
    points = ["" if score.points is None else score.points for score in result.scores]
    return [
        *(row["number"], row["family_name"], row["given_name"], row["state"]),
        *(_time(row["started_at_ms"]), _time(row["submitted_at_ms"])),
        *(result.responded_count, result.points, result.points_max, result.to_mark_count),
        result.walk_in or "",
        *points,
    ]


def _csv(lines: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    # A negative number is a score; only text can be a formula in disguise.
    writer.writerows(
        [guard_cell(cell) if isinstance(cell, str) else cell for cell in line] for line in lines
    )
    return text.getvalue().encode("utf-8-sig")


def _time(at_ms: int | None) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat() if at_ms else ""
