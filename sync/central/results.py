"""Results: what each attempt has come to, with scores where the correct response is known.

Scores are computed when they are asked for, from the responses as they stand and the rules of the
exam: there is no second copy of a result that could be out of date.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from appliance.domain.errors import NotFoundError
from appliance.domain.scoring import ItemScore, Scoring, score_item
from sync.central.attachments import (
    FileKey,
    Upload,
    files_here,
    missing_file_counts,
    uploads_among,
)
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, read
from sync.central.exams import find_exam
from sync.central.rooms import open_conflict_counts
from sync.central.tables import (
    attempts,
    epochs,
    responses,
    room_sittings,
    rooms,
    sittings,
)
from sync.central.walk_ins import AttemptKey, WalkIn, decisions_of, standing_of

RESULTS_LISTED_MAX = 500

Responses = dict[tuple[str, str], Any]


class SittingUnknownError(NotFoundError):
    """No such sitting at this centre."""

    key = "sitting_unknown"
    staff_message = "This centre has no such sitting."


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One attempt: current responses by (item_id, response_id), scores by item, and files."""

    attempt: Row
    responses: Responses
    scores: Sequence[ItemScore]
    uploads: Sequence[Upload]
    walk_in: WalkIn | None

    @property
    def points(self) -> Decimal:
        """Return what the rules gave so far."""
        return sum((score.known_points for score in self.scores), Decimal(0))

    @property
    def points_max(self) -> Decimal:
        """Return what the items scored by rule can give."""
        known = (score.max_score for score in self.scores if not score.needs_person)
        return sum((score for score in known if score is not None), Decimal(0))

    @property
    def responded_count(self) -> int:
        """Return to how many items there is a response."""
        return len({item for (item, _), value in self.responses.items() if _is_given(value)})

    @property
    def to_mark_count(self) -> int:
        """Return how many items wait for a person."""
        return sum(1 for score in self.scores if score.needs_person)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known of attempts beside their entries: files that are here, walk-ins decided."""

    files: frozenset[FileKey]
    decisions: dict[AttemptKey, bool]


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """A page of the cursor API; `cursor` is what to ask after next."""

    results: list[dict[str, object]]
    cursor: int
    is_last: bool


def sitting_results(centre: Centre, sitting_id: str) -> list[AttemptResult]:
    """Return the results of a sitting by candidate number; practice counts only as practice."""
    with read(centre.engine) as connection:
        sitting = connection.execute(
            select(sittings.c.exam_id).where(sittings.c.sitting_id == sitting_id)
        ).one_or_none()
        if sitting is None:
            raise SittingUnknownError
        rows = all_rows(
            connection,
            select(attempts)
            .where(attempts.c.sitting_id == sitting_id)
            .order_by(attempts.c.number, attempts.c.journal_id),
        )
        given = _responses_of(connection, rows)
        beside = _beside(connection, rows)
    scoring = find_exam(centre, sitting.exam_id).scoring
    return [_result(row, given, scoring, beside) for row in rows]


def list_results(centre: Centre, *, after: int, limit: int) -> ResultsPage:
    """Return attempts that changed after a cursor, in the order of their changes.

    All attempts of one change are on one page, so that a cursor never falls between them; a page
    may therefore be longer than `limit`.
    """
    with read(centre.engine) as connection:
        numbers = connection.execute(
            select(attempts.c.change_no)
            .where(attempts.c.change_no > after)
            .order_by(attempts.c.change_no)
            .limit(limit + 1)
        ).scalars().all()  # fmt: skip
        if not numbers:
            return ResultsPage([], after, is_last=True)
        cursor = numbers[:limit][-1]
        rows = all_rows(
            connection,
            select(attempts, sittings.c.exam_id)
            .outerjoin(sittings, sittings.c.sitting_id == attempts.c.sitting_id)
            .where(attempts.c.change_no > after, attempts.c.change_no <= cursor)
            .order_by(attempts.c.change_no, attempts.c.journal_id, attempts.c.attempt_id),
        )
        given = _responses_of(connection, rows)
        beside = _beside(connection, rows)
    results = [shown_result(_result(row, given, _scoring(centre, row), beside)) for row in rows]
    return ResultsPage(results, cursor, is_last=numbers[-1] <= cursor)


def shown_result(result: AttemptResult) -> dict[str, object]:
    """Return a result as the API and the JSON export give it; scores are decimal strings."""
    row = result.attempt
    return {
        "journal_id": row["journal_id"],
        "attempt_id": row["attempt_id"],
        "sitting_id": row["sitting_id"],
        "candidate_id": row["candidate_id"],
        "number": row["number"],
        "given_name": row["given_name"],
        "family_name": row["family_name"],
        "state": row["state"],
        "is_provisional": row["is_provisional"],
        "walk_in": result.walk_in,
        "started_at_ms": row["started_at_ms"],
        "submitted_at_ms": row["submitted_at_ms"],
        "change_no": row["change_no"],
        "points": str(result.points),
        "points_max": str(result.points_max),
        "items_to_mark": result.to_mark_count,
        "items": [_shown_score(score) for score in result.scores],
        "responses": [
            {"item_id": item, "response_id": response, "value": value}
            for (item, response), value in sorted(result.responses.items())
        ],
        "uploads": [upload.shown() for upload in result.uploads],
    }


def sitting_evidence(centre: Centre, sitting_id: str) -> list[dict[str, Any]]:
    """Say for each journal of a sitting how complete it is: verified entries, head, seal, files."""
    with read(centre.engine) as connection:
        rows = all_rows(
            connection,
            select(rooms, room_sittings.c.state, epochs.c.contiguous_seq, epochs.c.head_hash)
            .join(room_sittings, room_sittings.c.journal_id == rooms.c.journal_id)
            .join(
                epochs,
                and_(epochs.c.journal_id == rooms.c.journal_id, epochs.c.epoch == rooms.c.epoch),
            )
            .where(room_sittings.c.sitting_id == sitting_id)
            .order_by(rooms.c.opened_at_ms),
        )
        open_conflicts = open_conflict_counts(connection)
        missing_files = missing_file_counts(connection, sitting_id)
    return [
        {
            **row,
            "head_hash": bytes(row["head_hash"]).hex(),
            "conflict_count": open_conflicts.get(row["journal_id"], 0),
            "missing_file_count": missing_files.get(row["journal_id"], 0),
        }
        for row in rows
    ]


def _responses_of(
    connection: Connection, rows: Sequence[Row]
) -> Mapping[tuple[str, str], Responses]:
    """Return the responses of these attempts by (journal_id, attempt_id), in bounded queries."""
    given: dict[tuple[str, str], Responses] = defaultdict(dict)
    keys = [(row["journal_id"], row["attempt_id"]) for row in rows]
    for start in range(0, len(keys), 100):
        wanted = or_(
            *(
                and_(responses.c.journal_id == journal, responses.c.attempt_id == attempt)
                for journal, attempt in keys[start : start + 100]
            )
        )
        for row in connection.execute(select(responses).where(wanted)).mappings():
            value = json.loads(row["value"])
            own = given[row["journal_id"], row["attempt_id"]]
            own[row["item_id"], row["response_id"]] = value
    return given


def _beside(connection: Connection, rows: Sequence[Row]) -> _Beside:
    journal_ids = {row["journal_id"] for row in rows}
    return _Beside(files_here(connection, journal_ids), decisions_of(connection, journal_ids))


def _result(
    row: Row,
    given: Mapping[tuple[str, str], Responses],
    scoring: Scoring | None,
    beside: _Beside,
) -> AttemptResult:
    own = given.get((row["journal_id"], row["attempt_id"]), {})
    by_item: dict[str, dict[str, object]] = defaultdict(dict)
    for (item, response), value in own.items():
        by_item[item][response] = value
    rules = scoring.items if scoring else ()
    scores = [score_item(rule, by_item[rule.item_id]) for rule in rules]
    uploads = uploads_among(own, row["journal_id"], beside.files)
    return AttemptResult(row, own, scores, uploads, standing_of(row, beside.decisions))


def _scoring(centre: Centre, row: Row) -> Scoring | None:
    """Return the rules of an attempt's exam; none for a sitting that is not of this centre."""
    return find_exam(centre, row["exam_id"]).scoring if row["exam_id"] else None


def _shown_score(score: ItemScore) -> dict[str, object]:
    return {
        "item_id": score.item_id,
        "points": None if score.points is None else str(score.points),
        "known_points": str(score.known_points),
        "max_score": None if score.max_score is None else str(score.max_score),
        "needs_person": score.needs_person,
    }


def _is_given(value: object) -> bool:
    return value not in (None, "", [])
