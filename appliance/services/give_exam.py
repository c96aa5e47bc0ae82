"""Giving the exam to a candidate who may have it, in the order that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.domain.decide.now import Now
from appliance.domain.exam_order import items_of_section
from appliance.domain.exams import Item, Section, TestPart
from appliance.domain.room import Attempt, RoomState, Sitting
from appliance.domain.states import AttemptState, SittingState
from appliance.rendering.item_html import render_html, render_item
from appliance.services.box import Box
from appliance.services.release_exam import ExamNotReleasedError, released_exam
from appliance.services.room import ReleasedExam, Room, SignedIn

MEDIA_BASE = "/media"

_MAY_SEE = frozenset({AttemptState.WRITING, AttemptState.SUSPENDED})


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom an exam is shown to: the order of things is theirs, and so is the language."""

    released: ReleasedExam
    base: str
    seed: str
    language: str
    texts: Mapping[str, str]


def give_exam(
    box: Box, signed_in: SignedIn, *, language: str, texts: Mapping[str, str]
) -> dict[str, Any]:
    """Return the exam as the page shows it, with the responses and marks so far.

    `texts` are the words of the interactions in `language`.

    Raises ExamNotReleasedError before the candidate's clock has started and after hand-in.
    """
    room = box.open_room()
    attempt, sitting, marks = room.writer.look(lambda state, now: _see(state, now, signed_in))
    package_id = sitting["package_id"]
    reader = _Reader(
        released=released_exam(room, package_id),
        base=f"{MEDIA_BASE}/{package_id}",
        seed=attempt["attempt_id"],
        language=language,
        texts=texts,
    )
    return {
        "exam": _exam(reader, package_id),
        "responses": [
            {"item": item_id, "response": response_id, "value": one.value}
            for item_id, response_id, one in room.queries.responses(signed_in.attempt_id)
        ],
        "marks": marks,
        "accommodations": attempt["accommodations"],
    }


def _see(
    state: RoomState, _now: Now, signed_in: SignedIn
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    attempt = state.attempt(signed_in.attempt_id)
    sitting = state.sitting(attempt.sitting_id)
    _require_may_see(attempt, sitting, signed_in)
    marks = [
        {"item": one.item_id, "flagged": one.flagged, "visited": one.visited_at_ms is not None}
        for (attempt_id, _), one in state.item_marks.items()
        if attempt_id == attempt.attempt_id
    ]
    accommodations = [{"name": one.name, "value": one.value} for one in attempt.accommodations]
    return (
        {"attempt_id": attempt.attempt_id, "accommodations": accommodations},
        {"package_id": sitting.package_id},
        marks,
    )


def _require_may_see(attempt: Attempt, sitting: Sitting, signed_in: SignedIn) -> None:
    running = sitting.state in {SittingState.RUNNING, SittingState.PAUSED}
    here = attempt.client_id == signed_in.client_id
    if not (running and here and attempt.state in _MAY_SEE):
        raise ExamNotReleasedError


def exam_media(box: Box, signed_in: SignedIn, package_id: str, name: str) -> bytes:
    """Return one media file of the candidate's own exam; raises ExamNotReleasedError."""
    room = box.open_room()
    _, sitting, _ = room.writer.look(lambda state, now: _see(state, now, signed_in))
    if sitting["package_id"] != package_id:
        raise ExamNotReleasedError
    return media_of(room, package_id, name)


def media_of(room: Room, package_id: str, name: str) -> bytes:
    """Return one media file of an open exam; raises ExamNotReleasedError if there is none."""
    data = released_exam(room, package_id).media.get(f"media/{name}")
    if data is None:
        raise ExamNotReleasedError
    return data


def _exam(reader: _Reader, package_id: str) -> dict[str, Any]:
    exam = reader.released.exam
    return {
        "package_id": package_id,
        "title": exam.title,
        "languages": list(exam.languages),
        "instructions_html": render_html(exam.instructions_html, reader.base),
        "parts": [_part(part, reader) for part in exam.parts],
        "media": [f"{reader.base}/{name.removeprefix('media/')}" for name in reader.released.media],
    }


def _part(part: TestPart, reader: _Reader) -> dict[str, Any]:
    return {
        "part_id": part.part_id,
        "title": part.title,
        "navigation": part.navigation.value,
        "sections": [_section(one, reader) for one in part.sections],
    }


def _section(section: Section, reader: _Reader) -> dict[str, Any]:
    return {
        "section_id": section.section_id,
        "title": section.title if section.is_visible else "",
        "rubric_html": render_html(section.rubric_html, reader.base),
        "items": [
            {
                "item_id": item.item_id,
                "title": item.title,
                "label": item.label,
                "points": item.max_score,
                "language": item.language,
                "responses": [one.response_id for one in item.interactions],
                "html": _html(item, reader),
            }
            for item in items_of_section(section, seed=reader.seed)
        ],
    }


def _html(item: Item, reader: _Reader) -> str:
    """Return an item's HTML; one that is the same for everybody is made once."""
    shuffled = any(getattr(one, "shuffle", False) for one in item.interactions)
    kept = f"{reader.language} {item.item_id}"
    html = None if shuffled else reader.released.rendered.get(kept)
    if html is None:
        html = render_item(
            item,
            reader.released.exam,
            seed=reader.seed if shuffled else "",
            media_base=reader.base,
            texts=reader.texts,
        )
        if not shuffled:
            reader.released.rendered[kept] = html
    return html
