"""The item model and the scoring rules as canonical JSON, read back strictly and within limits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from appliance.domain.errors import InvalidInputError
from appliance.domain.exams import (
    Associate,
    Choice,
    Exam,
    ExtendedText,
    GapMatch,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Hottext,
    InlineChoice,
    Interaction,
    Item,
    Match,
    Media,
    Option,
    Order,
    Region,
    SelectPoint,
    Slider,
    TextEntry,
    Upload,
)
from appliance.domain.scoring import ItemRule, Scoring
from appliance.formats import strict_json
from appliance.formats.strict_json import JsonShapeError

EXAM_BYTES_MAX = 32 * 1024 * 1024
ITEMS_MAX = 1_000
INTERACTIONS_MAX = 200
OPTIONS_MAX = 500
# the "kind" of an interaction in JSON
INTERACTION_KINDS: dict[str, type[Interaction]] = {
    interaction.kind: interaction
    for interaction in (
        Choice,
        InlineChoice,
        TextEntry,
        ExtendedText,
        Match,
        GapMatch,
        Order,
        Associate,
        Hottext,
        Hotspot,
        SelectPoint,
        GraphicOrder,
        GraphicAssociate,
        GraphicGapMatch,
        Slider,
        Upload,
        Media,
    )
}
IDENTIFIER = re.compile(r"[\w.\-:]{1,128}")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_PLACEHOLDER = re.compile(r'\sdata-interaction="([^"]*)"')


class ExamModelError(InvalidInputError):
    """The bytes are not an exam, or one that contradicts itself."""

    key = "exam_model_invalid"
    staff_message = (
        "This exam cannot be used: {detail}. Import it again from its original, and if that does "
        "not help, send both to whoever supports this program."
    )


def encode_exam(exam: Exam) -> bytes:
    """Return the canonical JSON of an exam.  Raises ExamModelError if it contradicts itself."""
    check_exam(exam)
    return strict_json.encode(exam)


def decode_exam(data: bytes) -> Exam:
    """Read an exam.  Raises ExamModelError."""
    try:
        value = strict_json.parse(data, bytes_max=EXAM_BYTES_MAX)
        exam = strict_json.decode(Exam, value, kinds=dict(INTERACTION_KINDS))
    except JsonShapeError as error:
        raise ExamModelError(detail=str(error)) from error
    check_exam(exam)
    return exam


def encode_scoring(scoring: Scoring) -> bytes:
    """Return the canonical JSON of scoring rules."""
    check_scoring(scoring)
    return strict_json.encode(scoring)


def decode_scoring(data: bytes) -> Scoring:
    """Read scoring rules.  Raises ExamModelError."""
    try:
        value = strict_json.parse(data, bytes_max=EXAM_BYTES_MAX)
        scoring = strict_json.decode(Scoring, value, kinds={})
    except JsonShapeError as error:
        raise ExamModelError(detail=str(error)) from error
    check_scoring(scoring)
    return scoring


def check_exam(exam: Exam) -> None:
    """Raise ExamModelError where an exam contradicts itself or exceeds a limit."""
    items = list(exam.items())
    if not items:
        _refuse("it has no items")
    if len(items) > ITEMS_MAX:
        _refuse(f"it has {len(items)} items, at most {ITEMS_MAX} are possible")
    for language in exam.languages:
        if not LANGUAGE.fullmatch(language):
            _refuse(f"{language!r} is not a language")
    if not exam.languages:
        _refuse("it has no language")
    _check_names([exam.exam_id], "exam")
    _check_names([part.part_id for part in exam.parts], "test part")
    _check_names([s.section_id for part in exam.parts for s in part.sections], "section")
    _check_names([item.item_id for item in items], "item")
    _check_names([stimulus.stimulus_id for stimulus in exam.stimuli], "stimulus")
    known = {stimulus.stimulus_id for stimulus in exam.stimuli}
    for item in items:
        if missing := set(item.stimulus_ids) - known:
            _refuse(f"item {item.item_id!r} refers to {min(missing)!r}, which is not there")
        _check_item(item)


def check_scoring(scoring: Scoring) -> None:
    """Raise ExamModelError where points are no numbers or a name stands twice."""
    _check_names([rule.item_id for rule in scoring.items], "item")
    for rule in scoring.items:
        _check_names([single.response_id for single in rule.responses], "response")
        _check_decimals(_numbers_of(rule), f"the scoring of {rule.item_id!r}")


def _numbers_of(rule: ItemRule) -> Iterable[str | None]:
    yield rule.max_score
    for single in rule.responses:
        yield from (single.match_points, single.default_points)
        yield from (single.lower_bound, single.upper_bound)
        yield from (entry.points for entry in single.entries)
        yield from (entry.tolerance for entry in single.entries)
        yield from (area.points for area in single.areas)


def _check_decimals(numbers: Iterable[str | None], where: str) -> None:
    for number in numbers:
        if number is None:
            continue
        try:
            finite = len(number) <= 40 and Decimal(number).is_finite()
        except InvalidOperation:
            finite = False
        if not finite:
            _refuse(f"{where} holds {number[:40]!r}, which is not a number")


def _check_item(item: Item) -> None:
    if len(item.interactions) > INTERACTIONS_MAX:
        _refuse(f"item {item.item_id!r} has more than {INTERACTIONS_MAX} interactions")
    _check_decimals([item.max_score], f"item {item.item_id!r}")
    names = [interaction.response_id for interaction in item.interactions]
    _check_names(names, "response")
    placed = Counter(_PLACEHOLDER.findall(item.body_html))
    if placed != Counter(names):
        _refuse(f"the places for responses in item {item.item_id!r} do not fit its interactions")
    for interaction in item.interactions:
        for group in _named_groups(interaction):
            if len(group) > OPTIONS_MAX:
                _refuse(f"item {item.item_id!r} has more than {OPTIONS_MAX} options")
            _check_names(group, f"option of item {item.item_id!r}")


def _named_groups(interaction: Interaction) -> Iterable[list[str]]:
    """Yield the lists of names within which each must be unique."""
    if isinstance(interaction, Match):
        yield [option.option_id for option in interaction.rows]
        yield [option.option_id for option in interaction.columns]
    elif isinstance(interaction, GapMatch):
        yield _option_ids(interaction.chips)
        yield list(interaction.gap_ids)
    elif isinstance(interaction, GraphicGapMatch):
        yield _option_ids(interaction.chips)
        yield _region_ids(interaction.regions)
    elif isinstance(interaction, Hottext):
        yield list(interaction.hottext_ids)
    else:
        yield _option_ids(getattr(interaction, "options", ()))
        yield _region_ids(getattr(interaction, "regions", ()))


def _option_ids(options: Iterable[Option]) -> list[str]:
    return [option.option_id for option in options]


def _region_ids(regions: Iterable[Region]) -> list[str]:
    return [region.region_id for region in regions]


def _check_names(names: list[str], what: str) -> None:
    for name, count in Counter(names).items():
        if not IDENTIFIER.fullmatch(name):
            _refuse(f"{name[:60]!r} cannot be the name of a {what}")
        if count > 1:
            _refuse(f"the {what} {name!r} is there {count} times")


def _refuse(detail: str) -> None:
    raise ExamModelError(detail=detail)
