"""Scores by the standard templates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from appliance.domain.exams import Cardinality, Shape
from appliance.domain.scoring import (
    AreaEntry,
    ItemRule,
    MapEntry,
    ResponseRule,
    Template,
    best_points,
    score_item,
)


def points(rule: ResponseRule, value: object) -> Decimal:
    """Return what one response brings."""
    return score_item(ItemRule(item_id="i", responses=(rule,)), {"R": value}).known_points


def matching(base_type: str, *correct: str, cardinality: str = "single") -> ResponseRule:
    return ResponseRule(
        response_id="R",
        template=Template.MATCH_CORRECT,
        base_type=base_type,
        cardinality=Cardinality(cardinality),
        correct=correct,
        match_points="2",
    )


def mapping(*, bounds: tuple[str | None, str | None] = (None, None)) -> ResponseRule:
    return ResponseRule(
        response_id="R",
        template=Template.MAP_RESPONSE,
        cardinality=Cardinality.MULTIPLE,
        entries=(MapEntry(value="a", points="1"), MapEntry(value="b", points="0.5")),
        default_points="-1",
        lower_bound=bounds[0],
        upper_bound=bounds[1],
    )


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (matching("identifier", "a"), "a", "2"),
        (matching("identifier", "a"), "b", "0"),
        (matching("identifier", "a"), None, "0"),
        (matching("identifier", "a"), {"a": 1}, "0"),
        (matching("string", "Lake"), " Lake ", "2"),
        (matching("string", "Lake"), "lake", "0"),
        (matching("float", "8.2"), "8,20", "2"),
        (matching("integer", "600"), "600.0", "2"),
        (matching("integer", "600"), "6e2", "2"),
        (matching("integer", "600"), "about 600", "0"),
        (matching("integer", "600"), "9" * 1000, "0"),
        (matching("integer", "600"), "1e999999999", "0"),
        (matching("identifier", "a", "b", cardinality="multiple"), ["b", "a"], "2"),
        (matching("identifier", "a", "b", cardinality="multiple"), ["a"], "0"),
        (matching("identifier", "a", "b", cardinality="ordered"), ["b", "a"], "0"),
        (matching("identifier", "a", "b", cardinality="ordered"), ["a", "b"], "2"),
        (matching("pair", "a b", cardinality="multiple"), ["b a"], "2"),
        (matching("directedPair", "a b", cardinality="multiple"), ["b a"], "0"),
    ],
)
def test_match_correct_brings_points_when_the_response_equals_the_correct_one(
    rule: ResponseRule, value: object, expected: str
) -> None:
    """Numbers compare by value, pairs without direction, sets without order, text as written."""
    assert Decimal(expected) == points(rule, value)


@pytest.mark.parametrize(
    ("bounds", "value", "expected"),
    [
        ((None, None), ["a", "b"], "1.5"),
        ((None, None), ["a", "a", "a"], "1"),
        ((None, None), ["a", "x", "y"], "-1"),
        (("0", None), ["x"], "0"),
        (("0", "1"), ["a", "b"], "1"),
        ((None, None), [], "0"),
    ],
)
def test_map_response_adds_up_when_values_are_mapped(
    bounds: tuple[str | None, str | None], value: list[str], expected: str
) -> None:
    """Each value counts once, unmapped ones bring the default, bounds hold."""
    assert Decimal(expected) == points(mapping(bounds=bounds), value)


def test_mapping_ignores_case_only_when_the_entry_says_so() -> None:
    """QTI maps strings with regard to case unless the entry says otherwise."""
    rule = ResponseRule(
        response_id="R",
        template=Template.MAP_RESPONSE,
        base_type="string",
        entries=(
            MapEntry(value="Nitrogen", points="1", is_case_sensitive=False),
            MapEntry(value="N", points="1"),
        ),
    )
    assert [Decimal(1), Decimal(1), Decimal(0)] == [points(rule, v) for v in ("nitrogen", "N", "n")]


def test_mapping_takes_near_numbers_when_an_entry_has_a_tolerance() -> None:
    """The ends of the tolerance belong to it; text is never near."""
    rule = ResponseRule(
        response_id="R",
        template=Template.MAP_RESPONSE,
        base_type="float",
        entries=(MapEntry(value="3.14", points="1", tolerance="0.01"),),
    )
    given = ("3,13", "3.15", "3.151", "pi")
    assert [1, 1, 0, 0] == [int(points(rule, value)) for value in given]


@pytest.mark.parametrize(
    ("shape", "coords", "value", "expected"),
    [
        (Shape.CIRCLE, (96, 114, 16), "96 130", "1"),
        (Shape.CIRCLE, (96, 114, 16), "96 131", "0"),
        (Shape.RECT, (10, 10, 20, 20), "20 10", "1"),
        (Shape.RECT, (10, 10, 20, 20), "21 10", "0"),
        (Shape.POLY, (0, 0, 100, 0, 0, 100), "20 20", "1"),
        (Shape.POLY, (0, 0, 100, 0, 0, 100), "80 80", "0"),
        (Shape.ELLIPSE, (50, 50, 40, 10), "88 50", "1"),
        (Shape.ELLIPSE, (50, 50, 40, 10), "50 61", "0"),
        (Shape.DEFAULT, (), "1 1", "1"),
        (Shape.CIRCLE, (96, 114, 16), "nowhere", "0"),
    ],
)
def test_map_response_point_brings_points_when_the_point_is_inside(
    shape: Shape, coords: tuple[int, ...], value: str, expected: str
) -> None:
    """The edge of an area belongs to it."""
    rule = ResponseRule(
        response_id="R",
        template=Template.MAP_RESPONSE_POINT,
        base_type="point",
        areas=(AreaEntry(shape=shape, coords=coords, points="1"),),
    )
    assert Decimal(expected) == points(rule, value)


def test_area_counts_once_when_several_points_are_in_it() -> None:
    """Marking the same place twice brings its points once."""
    rule = ResponseRule(
        response_id="R",
        template=Template.MAP_RESPONSE_POINT,
        cardinality=Cardinality.MULTIPLE,
        areas=(AreaEntry(shape=Shape.RECT, coords=(0, 0, 9, 9), points="1"),),
    )
    assert Decimal(1) == points(rule, ["1 1", "2 2"])


def test_item_has_no_points_when_a_person_marks_part_of_it() -> None:
    """What is known is given apart, so that nobody takes it for the whole."""
    by_person = ResponseRule(response_id="ESSAY", template=Template.BY_PERSON)
    rule = ItemRule(item_id="i", responses=(matching("identifier", "a"), by_person), max_score="6")
    score = score_item(rule, {"R": "a", "ESSAY": "text"})
    assert (None, Decimal(2), Decimal(6), True) == (
        score.points,
        score.known_points,
        score.max_score,
        score.needs_person,
    )


def test_best_points_are_within_the_bound_when_a_mapping_has_one() -> None:
    """Positive entries add up for several values, within the upper bound."""
    rule = ItemRule(item_id="i", responses=(mapping(bounds=("0", "1.2")),))
    assert Decimal("1.2") == best_points(rule)
