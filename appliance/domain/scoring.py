"""Scores for the items whose correct response is known; everything else is marked by a person.

The rules are those of the QTI standard response processing templates: match_correct,
map_response and map_response_point (QTI 3 ASI 2.11, "Response Processing Templates"), applied to
each response and added up.  Scores are exact decimals; nothing here is a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from appliance.domain.exams import Cardinality, Shape

NUMBER_CHARACTERS_MAX = 40


class Template(StrEnum):
    """How one response becomes points."""

    MATCH_CORRECT = "match_correct"
    MAP_RESPONSE = "map_response"
    MAP_RESPONSE_POINT = "map_response_point"
    BY_PERSON = "by_person"
    UNSCORED = "unscored"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """Points for one value; for numbers also for those at most `tolerance` away."""

    value: str
    points: str
    is_case_sensitive: bool = True
    tolerance: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEntry:
    """Points for a point inside this outline; `coords` as in QTI, in pixels."""

    shape: Shape
    coords: tuple[int, ...]
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRule:
    """How one response is scored.  Points and bounds are decimal strings.

    `match_points` is what a correct response brings under MATCH_CORRECT.
    """

    response_id: str
    template: Template
    base_type: str = "identifier"
    cardinality: Cardinality = Cardinality.SINGLE
    correct: tuple[str, ...] = ()
    match_points: str = "1"
    entries: tuple[MapEntry, ...] = ()
    areas: tuple[AreaEntry, ...] = ()
    default_points: str = "0"
    lower_bound: str | None = None
    upper_bound: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRule:
    """How one item is scored, and what its markers are told."""

    item_id: str
    responses: tuple[ResponseRule, ...] = ()
    max_score: str | None = None
    marking_guide_html: str = ""

    @property
    def is_by_person(self) -> bool:
        """Whether a person has to mark at least one response of the item."""
        return any(rule.template is Template.BY_PERSON for rule in self.responses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """All rules of one exam form."""

    exam_id: str
    items: tuple[ItemRule, ...]

    def rule(self, item_id: str) -> ItemRule | None:
        """Return the rule of this item, or None."""
        return next((rule for rule in self.items if rule.item_id == item_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """What an item brought.  `points` is None until a person has marked all of it.

    `known_points` is the sum of what was scored by rule, by response in `by_response`.
    """

    item_id: str
    points: Decimal | None
    known_points: Decimal
    max_score: Decimal | None
    by_response: Mapping[str, Decimal]
    needs_person: bool


def score_item(rule: ItemRule, responses: Mapping[str, object]) -> ItemScore:
    """Score the responses of one item, by response id; a missing one is no response.

    A value of the wrong shape scores like no response: it was collected and stays on record, and
    only a person can say what it means.
    """
    by_response = {
        single.response_id: _points(single, _values(responses.get(single.response_id)))
        for single in rule.responses
        if single.template not in {Template.BY_PERSON, Template.UNSCORED}
    }
    known = sum(by_response.values(), Decimal(0))
    return ItemScore(
        item_id=rule.item_id,
        points=None if rule.is_by_person else known,
        known_points=known,
        max_score=None if rule.max_score is None else Decimal(rule.max_score),
        by_response=by_response,
        needs_person=rule.is_by_person,
    )


def best_points(rule: ItemRule) -> Decimal | None:
    """Return the highest score the rules can give, or None where a person decides.

    With a mapping this is the sum of its positive entries within its upper bound, for one value
    the highest entry.
    """
    if rule.is_by_person:
        return None
    return sum((_best(single) for single in rule.responses), Decimal(0))


def _best(rule: ResponseRule) -> Decimal:
    if rule.template is Template.UNSCORED:
        return Decimal(0)
    if rule.template is Template.MATCH_CORRECT:
        return Decimal(rule.match_points)
    gains = [Decimal(entry.points) for entry in rule.entries or rule.areas]
    positive = [gain for gain in gains if gain > 0]
    if rule.cardinality is Cardinality.SINGLE:
        best = max(positive, default=Decimal(0))
    else:
        best = sum(positive, Decimal(0))
    return _bounded(rule, best)


def _values(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list | tuple):
        return [single for single in value if isinstance(single, str)]
    return []


def _points(rule: ResponseRule, values: Sequence[str]) -> Decimal:
    if rule.template is Template.MATCH_CORRECT:
        return Decimal(rule.match_points) if _is_correct(rule, values) else Decimal(0)
    if rule.template is Template.MAP_RESPONSE:
        return _mapped(rule, values)
    return _mapped_points(rule, values)


def _is_correct(rule: ResponseRule, values: Sequence[str]) -> bool:
    if not values or not rule.correct:
        return False
    given = [_canonical(rule, value) for value in values]
    correct = [_canonical(rule, value) for value in rule.correct]
    if rule.cardinality is Cardinality.ORDERED:
        return given == correct
    return sorted(given) == sorted(correct)


def _canonical(rule: ResponseRule, value: str) -> str:
    """Spell equal values equally: numbers by value, pairs without a direction."""
    text = value.strip()
    if rule.base_type in {"integer", "float"}:
        number = decimal_of(text)
        return text if number is None else format(number.normalize(), "f")
    if rule.base_type == "pair":
        return " ".join(sorted(text.split()))
    if rule.base_type in {"directedPair", "point"}:
        return " ".join(text.split())
    return text


def _mapped(rule: ResponseRule, values: Sequence[str]) -> Decimal:
    """Add up the mapping; a value counts once however often it is given (QTI mapResponse)."""
    total = Decimal(0)
    if not values and rule.lower_bound is None:
        return total
    for value in dict.fromkeys(_canonical(rule, value) for value in values):
        total += _entry_points(rule, value)
    return _bounded(rule, total)


def _entry_points(rule: ResponseRule, value: str) -> Decimal:
    for entry in rule.entries:
        wanted = _canonical(rule, entry.value)
        if wanted == value:
            return Decimal(entry.points)
        if not entry.is_case_sensitive and wanted.casefold() == value.casefold():
            return Decimal(entry.points)
        if rule.base_type in {"integer", "float"} and _is_near(entry, value):
            return Decimal(entry.points)
    return Decimal(rule.default_points)


def _is_near(entry: MapEntry, value: str) -> bool:
    wanted, given = decimal_of(entry.value), decimal_of(value)
    return (
        wanted is not None and given is not None and abs(wanted - given) <= Decimal(entry.tolerance)
    )


def _mapped_points(rule: ResponseRule, values: Sequence[str]) -> Decimal:
    """Add up the areas; each area counts once, points outside all bring the default."""
    total = Decimal(0)
    used: set[int] = set()
    for value in values:
        place = point_of(value)
        if place is None:
            continue
        inside = next(
            (
                number
                for number, area in enumerate(rule.areas)
                if number not in used and is_inside(area.shape, area.coords, place)
            ),
            None,
        )
        if inside is None:
            total += Decimal(rule.default_points)
        else:
            used.add(inside)
            total += Decimal(rule.areas[inside].points)
    return _bounded(rule, total)


def _bounded(rule: ResponseRule, points: Decimal) -> Decimal:
    if rule.lower_bound is not None:
        points = max(points, Decimal(rule.lower_bound))
    if rule.upper_bound is not None:
        points = min(points, Decimal(rule.upper_bound))
    return points


def decimal_of(text: str) -> Decimal | None:
    """Read a number as people write it, with a point or a comma; None where it is none."""
    if not text or len(text) > NUMBER_CHARACTERS_MAX:
        return None
    try:
        number = Decimal(text.strip().replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        return None
    # A huge exponent would be spelled out digit by digit when the number is compared.
    return (
        number if number.is_finite() and abs(number.adjusted()) <= NUMBER_CHARACTERS_MAX else None
    )


def point_of(value: str) -> tuple[Decimal, Decimal] | None:
    """Read "x y"; None where it is none."""
    parts = [decimal_of(part) for part in value.split()]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return None
    return parts[0], parts[1]


def is_inside(shape: Shape, coords: Sequence[int], place: tuple[Decimal, Decimal]) -> bool:
    """Tell whether a point lies in an outline, its edge included."""
    x, y = place
    if shape is Shape.DEFAULT:
        return True
    if shape is Shape.CIRCLE and len(coords) == 3:
        return (x - coords[0]) ** 2 + (y - coords[1]) ** 2 <= coords[2] ** 2
    if shape is Shape.RECT and len(coords) == 4:
        return coords[0] <= x <= coords[2] and coords[1] <= y <= coords[3]
    if shape is Shape.ELLIPSE and len(coords) == 4 and coords[2] > 0 and coords[3] > 0:
        wide, high = Decimal(coords[2]), Decimal(coords[3])
        return ((x - coords[0]) / wide) ** 2 + ((y - coords[1]) / high) ** 2 <= 1
    return shape is Shape.POLY and _is_inside_polygon(coords, x, y)


def _is_inside_polygon(coords: Sequence[int], x: Decimal, y: Decimal) -> bool:
    corners = list(zip(coords[::2], coords[1::2], strict=False))
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < Decimal(x2 - x1) * (y - y1) / Decimal(y2 - y1) + x1:
            inside = not inside
    return inside
