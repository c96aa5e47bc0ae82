"""What Moodle XML and GIFT have in common: one text, one way to respond, shares of the points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from appliance.domain.exams import (
    Cardinality,
    Choice,
    Exam,
    ExtendedText,
    Interaction,
    Item,
    Match,
    Option,
    Section,
    TestPart,
    TextEntry,
    TextFormat,
    Upload,
)
from appliance.domain.scoring import ItemRule, MapEntry, ResponseRule, Scoring, Template
from provisioning.importers.qti_declarations import plain
from provisioning.importers.reporting import ItemReport

RESPONSE, UPLOAD = "RESPONSE", "UPLOAD"
DIGITS = Decimal("0.00001")
ROUNDING_MAX = Decimal("0.001")
UNKNOWN_LANGUAGE = "und"  # neither format says in which language it is


class Way(StrEnum):
    """How an item is responded to."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    MATCH = "match"
    ESSAY = "essay"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An option or an accepted text, with its share of the points (1 is all of them).

    For MATCH, `html` is the row and `target` the text that belongs to it; a suggestion without a
    row is only one more text to choose from.
    """

    html: str
    share: Decimal = Decimal(0)
    target: str = ""
    tolerance: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainItem:
    """One item before it has a place in an exam.  Its HTML is sanitised."""

    title: str
    body_html: str
    way: Way
    points: Decimal = Decimal(1)
    suggestions: tuple[Suggestion, ...] = ()
    is_multiple: bool = False
    is_shuffled: bool = False
    is_case_sensitive: bool = False
    text_format: TextFormat = TextFormat.PLAIN
    lines: int | None = None
    takes_file: bool = False
    guide_html: str = ""


def exam_of(
    items: list[tuple[PlainItem, ItemReport]], *, exam_id: str, title: str
) -> tuple[Exam, Scoring]:
    """Make an exam of one part out of items with their reports."""
    made = [_item(item, report) for item, report in items]
    section = Section(section_id="items", title="", items=tuple(item for item, _ in made))
    part = TestPart(part_id="items", title="", sections=(section,))
    exam = Exam(exam_id=exam_id, title=title, languages=(UNKNOWN_LANGUAGE,), parts=(part,))
    return exam, Scoring(exam_id=exam_id, items=tuple(rule for _, rule in made))


def _item(item: PlainItem, report: ItemReport) -> tuple[Item, ItemRule]:
    interaction = _interaction(item)
    interactions: list[Interaction] = [] if interaction is None else [interaction]
    rules = [] if interaction is None else [_rule(item, interaction, report)]
    if item.takes_file:
        interactions.append(Upload(response_id=UPLOAD))
        rules.append(ResponseRule(response_id=UPLOAD, template=Template.BY_PERSON))
    places = "".join(_place(one) for one in interactions)
    points = plain(item.points) if interactions else None
    return (
        Item(
            item_id=report.item_id,
            title=item.title,
            label="",
            body_html=item.body_html + places,
            language=UNKNOWN_LANGUAGE,
            interactions=tuple(interactions),
            max_score=points,
        ),
        ItemRule(
            item_id=report.item_id,
            responses=tuple(rules),
            max_score=points,
            marking_guide_html=item.guide_html,
        ),
    )


def _place(interaction: Interaction) -> str:
    if isinstance(interaction, TextEntry):
        return f'<p><span data-interaction="{interaction.response_id}"></span></p>'
    return f'<div data-interaction="{interaction.response_id}"></div>'


def _interaction(item: PlainItem) -> Interaction | None:
    if item.way is Way.NONE:
        return None
    if item.way is Way.ESSAY:
        return ExtendedText(
            response_id=RESPONSE, text_format=item.text_format, expected_lines=item.lines
        )
    if item.way in {Way.TEXT, Way.NUMBER}:
        return TextEntry(
            response_id=RESPONSE,
            base_type="float" if item.way is Way.NUMBER else "string",
            expected_length=20,
        )
    if item.way is Way.MATCH:
        return _match(item)
    return Choice(
        response_id=RESPONSE,
        cardinality=Cardinality.MULTIPLE if item.is_multiple else Cardinality.SINGLE,
        options=tuple(
            Option(option_id=f"o{number}", html=one.html)
            for number, one in enumerate(item.suggestions, start=1)
        ),
        choices_max=0 if item.is_multiple else 1,
        shuffle=item.is_shuffled,
    )


def _targets(item: PlainItem) -> list[str]:
    return list(dict.fromkeys(one.target for one in item.suggestions))


def _match(item: PlainItem) -> Match:
    rows = [one for one in item.suggestions if one.html]
    return Match(
        response_id=RESPONSE,
        cardinality=Cardinality.MULTIPLE,
        rows=tuple(
            Option(option_id=f"r{number}", html=one.html)
            for number, one in enumerate(rows, start=1)
        ),
        columns=tuple(
            Option(option_id=f"c{number}", html=target, match_max=0)
            for number, target in enumerate(_targets(item), start=1)
        ),
        shuffle=item.is_shuffled,
    )


def _rule(item: PlainItem, interaction: Interaction, report: ItemReport) -> ResponseRule:
    entries = _entries(item)
    wild = item.way is Way.TEXT and any("*" in entry.value for entry in entries)
    if wild:
        report.warn("A person marks this item: an accepted text holds a wildcard (*).")
    if wild or not any(Decimal(entry.points) > 0 for entry in entries):
        return ResponseRule(
            response_id=RESPONSE,
            template=Template.BY_PERSON,
            cardinality=interaction.cardinality,
        )
    base_types = {Way.TEXT: "string", Way.NUMBER: "float", Way.MATCH: "directedPair"}
    return ResponseRule(
        response_id=RESPONSE,
        template=Template.MAP_RESPONSE,
        base_type=base_types.get(item.way, "identifier"),
        cardinality=interaction.cardinality,
        entries=entries,
        lower_bound="0" if item.is_multiple else None,
        upper_bound=plain(item.points),
    )


def _entries(item: PlainItem) -> tuple[MapEntry, ...]:
    if item.way is Way.MATCH:
        return _match_entries(item)
    points = _rounded([one.share for one in item.suggestions], item)
    is_choice = item.way is Way.CHOICE
    return tuple(
        MapEntry(
            value=f"o{number}" if is_choice else one.html,
            points=plain(gain),
            is_case_sensitive=is_choice or item.is_case_sensitive,
            tolerance=one.tolerance,
        )
        for number, (one, gain) in enumerate(zip(item.suggestions, points, strict=True), start=1)
        if is_choice or one.html != "*"
    )


def _match_entries(item: PlainItem) -> tuple[MapEntry, ...]:
    rows = [one for one in item.suggestions if one.html]
    targets = _targets(item)
    points = _rounded([Decimal(1) / len(rows) for _ in rows], item)
    return tuple(
        MapEntry(value=f"r{number} c{targets.index(one.target) + 1}", points=plain(gain))
        for number, (one, gain) in enumerate(zip(rows, points, strict=True), start=1)
    )


def _rounded(shares: list[Decimal], item: PlainItem) -> list[Decimal]:
    """Turn shares into points that add up to all of them, where only rounding kept them from it.

    Both formats write a third as 33.33333 %.
    """
    points = [(share * item.points).quantize(DIGITS) for share in shares]
    positive = [place for place, gain in enumerate(points) if gain > 0]
    missing = item.points - sum((points[place] for place in positive), Decimal(0))
    if positive and missing and abs(missing) < ROUNDING_MAX * item.points:
        points[positive[0]] += missing
    return points
