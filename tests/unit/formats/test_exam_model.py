"""The item model as JSON: exact both ways, strict on the way in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.domain.exams import (
    Cardinality,
    Choice,
    Exam,
    GapMatch,
    Hotspot,
    Item,
    Option,
    Picture,
    Region,
    Section,
    Shape,
    Slider,
    Stimulus,
    TestPart,
)
from appliance.domain.scoring import ItemRule, ResponseRule, Scoring, Template
from appliance.formats import strict_json
from appliance.formats.exam_model import (
    INTERACTION_KINDS,
    ExamModelError,
    decode_exam,
    decode_scoring,
    encode_exam,
    encode_scoring,
)

OPTIONS = (Option(option_id="a", html="<b>A</b>"), Option(option_id="b", html="Å"))
INTERACTIONS = (
    Choice(response_id="R1", options=OPTIONS, cardinality=Cardinality.MULTIPLE),
    Hotspot(
        response_id="R2",
        picture=Picture(href="media/x.png", alt="", width=10, height=10),
        regions=(Region(region_id="r", shape=Shape.POLY, coords=(1, 2, 3, 4, 5, 6), label=""),),
    ),
    Slider(response_id="R3", lower="0", upper="1", step="0.1"),
    GapMatch(
        response_id="R4", chips=OPTIONS, gap_ids=("g",), gaps_html='<span data-gap="g"></span>'
    ),
)
BODY = "".join(f'<div data-interaction="{one.response_id}"></div>' for one in INTERACTIONS)
ITEM = Item(
    item_id="i1",
    title="T",
    label="",
    body_html=BODY,
    language="en",
    interactions=INTERACTIONS,
    stimulus_ids=("s",),
    max_score="2.5",
)
EXAM = Exam(
    exam_id="e",
    title="Exam",
    languages=("en", "sv"),
    parts=(
        TestPart(
            part_id="p", title="", sections=(Section(section_id="s1", title="", items=(ITEM,)),)
        ),
    ),
    stimuli=(Stimulus(stimulus_id="s", title="", body_html=""),),
)
SCORING = Scoring(
    exam_id="e",
    items=(
        ItemRule(
            item_id="i1",
            responses=(ResponseRule(response_id="R1", template=Template.MATCH_CORRECT),),
        ),
    ),
)


def with_item(item: Item) -> Exam:
    part = EXAM.parts[0]
    section = replace(part.sections[0], items=(item,))
    return replace(EXAM, parts=(replace(part, sections=(section,)),))


def test_exam_is_the_same_when_written_and_read() -> None:
    """Every field comes back, every time with the same bytes."""
    data = encode_exam(EXAM)
    assert EXAM == decode_exam(data)
    assert data == encode_exam(decode_exam(data))


def test_scoring_is_the_same_when_written_and_read() -> None:
    """Scoring rules come back exactly."""
    assert SCORING == decode_scoring(encode_scoring(SCORING))


def test_every_kind_of_interaction_has_a_name_of_its_own() -> None:
    """The name in the JSON decides which class is read."""
    assert 17 == len(INTERACTION_KINDS)


def _broken(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(encode_exam(EXAM))
    change(value)
    return json.dumps(value).encode()


def _first_item(value: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = value["parts"][0]["sections"][0]["items"][0]
    return item


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(surprise=1),
        lambda value: value.pop("title"),
        lambda value: value.update(title=1),
        lambda value: value.update(title="\ud800"),
        lambda value: value.update(duration_seconds=True),
        lambda value: value.update(duration_seconds=1.5),
        lambda value: value.update(languages=[]),
        lambda value: value.update(languages=["not a language"]),
        lambda value: value.update(parts=[]),
        lambda value: value.update(stimuli=[]),
        lambda value: value["parts"][0].update(navigation="sideways"),
        lambda value: _first_item(value)["interactions"][0].update(kind="drawing"),
        lambda value: _first_item(value)["interactions"][0].pop("kind"),
        lambda value: _first_item(value)["interactions"].pop(),
        lambda value: _first_item(value).update(body_html=""),
        lambda value: _first_item(value).update(max_score="many"),
        lambda value: _first_item(value).update(item_id="with space"),
    ],
)
def test_exam_is_refused_when_something_does_not_fit(
    change: Callable[[dict[str, Any]], object],
) -> None:
    """Unknown, missing or contradicting parts are refused with the place."""
    with pytest.raises(ExamModelError):
        decode_exam(_broken(change))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[" * 100 + b"]" * 100,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_exam_is_refused_when_the_bytes_are_no_proper_json(data: bytes) -> None:
    """Depth, double names, huge numbers and foreign encodings are refused, not guessed at."""
    with pytest.raises(ExamModelError):
        decode_exam(data)


def test_exam_is_not_written_when_an_option_stands_twice() -> None:
    """What could not be read back is not written either."""
    choice = Choice(response_id="R", options=(OPTIONS[0], OPTIONS[0]))
    item = replace(ITEM, body_html='<div data-interaction="R"></div>', interactions=(choice,))
    with pytest.raises(ExamModelError):
        encode_exam(with_item(item))


def test_scoring_is_refused_when_points_are_no_number() -> None:
    """A score that cannot be computed must not reach the day of results."""
    data = encode_scoring(SCORING).replace(b'"match_points":"1"', b'"match_points":"NaN"')
    with pytest.raises(ExamModelError):
        decode_scoring(data)


def test_json_is_refused_when_a_name_stands_twice() -> None:
    """Two readers could take two different values."""
    with pytest.raises(strict_json.JsonShapeError, match="twice"):
        strict_json.parse(b'{"a":1,"a":2}', bytes_max=100)
