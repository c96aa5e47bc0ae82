"""The item model: what a candidate is given, and the shape of what comes back.

Exam > TestPart > Section > Item > interactions, with shared stimuli beside them.  It follows QTI 3
in meaning and carries no correct responses: those are in `scoring`, which never leaves the centre.

Every `*_html` is sanitised and refers to media as `media/NAME`.  In `body_html` each interaction
stands as an empty element `<div data-interaction="RESPONSE">` (or `span` where it is inline).

A **response value** is JSON without floats, one for each (item_id, response_id):

    nothing yet                     null
    cardinality single              a string
    cardinality multiple, ordered   a list of strings
    a pair                          "A B"            (source, then target)
    a point                         "x y"            (pixels of the picture as authored)
    an upload                       {"name", "media_type", "size_bytes", "sha256"}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Navigation(StrEnum):
    """Whether a candidate may go back within a test part (QTI navigation-mode)."""

    LINEAR = "linear"
    NONLINEAR = "nonlinear"


class Submission(StrEnum):
    """Whether items are handed in one by one or all together (QTI submission-mode)."""

    INDIVIDUAL = "individual"
    SIMULTANEOUS = "simultaneous"


class Cardinality(StrEnum):
    """How many values a response holds, and whether their order counts."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    ORDERED = "ordered"


class TextFormat(StrEnum):
    """What an extended text may hold."""

    PLAIN = "plain"
    PREFORMATTED = "preformatted"
    RICH = "rich"


class Shape(StrEnum):
    """The outline of a region on a picture, as in QTI `shape`."""

    CIRCLE = "circle"
    RECT = "rect"
    POLY = "poly"
    ELLIPSE = "ellipse"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something to choose, order or pair.  `match_max` 0 means any number of pairs."""

    option_id: str
    html: str
    fixed: bool = False
    match_max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture one works on.  Width and height in the pixels that coordinates count in."""

    href: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a picture.  `coords` as in QTI: circle x,y,r; rect x1,y1,x2,y2; poly x,y,..."""

    region_id: str
    shape: Shape
    coords: tuple[int, ...]
    label: str
    match_max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What all interactions share.  `prompt_html` may be empty."""

    kind: ClassVar[str] = ""

    response_id: str
    prompt_html: str = ""
    cardinality: Cardinality = Cardinality.SINGLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Interaction):
    """One or several of some options.  `choices_max` 0 means any number."""

    kind: ClassVar[str] = "choice"

    options: tuple[Option, ...]
    choices_min: int = 0
    choices_max: int = 1
    shuffle: bool = False
    is_horizontal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineChoice(Interaction):
    """A choice in the middle of a sentence."""

    kind: ClassVar[str] = "inline_choice"

    options: tuple[Option, ...]
    shuffle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry(Interaction):
    """A few characters in the middle of a sentence.  `base_type`: string, integer or float."""

    kind: ClassVar[str] = "text_entry"

    base_type: str = "string"
    expected_length: int | None = None
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedText(Interaction):
    """A text of several lines.  A rich response is HTML that `sanitise_response_html` leaves."""

    kind: ClassVar[str] = "extended_text"

    text_format: TextFormat = TextFormat.PLAIN
    expected_lines: int | None = None
    expected_length: int | None = None
    words_max: int | None = None
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Interaction):
    """Pairs of a row and a column, "ROW COLUMN".  `associations_max` 0 means any number."""

    kind: ClassVar[str] = "match"

    rows: tuple[Option, ...]
    columns: tuple[Option, ...]
    associations_max: int = 0
    shuffle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GapMatch(Interaction):
    """Chips to put into gaps, "CHIP GAP".  Gaps stand in `gaps_html` as `<span data-gap="ID">`."""

    kind: ClassVar[str] = "gap_match"

    chips: tuple[Option, ...]
    gap_ids: tuple[str, ...]
    gaps_html: str
    shuffle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Interaction):
    """Options to put in order.  No value until the candidate has moved or accepted something."""

    kind: ClassVar[str] = "order"

    options: tuple[Option, ...]
    shuffle: bool = False
    is_horizontal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Associate(Interaction):
    """Pairs out of one set, "A B"."""

    kind: ClassVar[str] = "associate"

    options: tuple[Option, ...]
    associations_max: int = 1
    shuffle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hottext(Interaction):
    """Words of a text to pick.  In `text_html`: `<span data-hottext="ID">words</span>`."""

    kind: ClassVar[str] = "hottext"

    hottext_ids: tuple[str, ...]
    text_html: str
    choices_max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot(Interaction):
    """Regions of a picture to pick."""

    kind: ClassVar[str] = "hotspot"

    picture: Picture
    regions: tuple[Region, ...]
    choices_max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectPoint(Interaction):
    """Points on a picture, or, with a `marker`, places to put that picture on it."""

    kind: ClassVar[str] = "select_point"

    picture: Picture
    choices_max: int = 1
    marker: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicOrder(Interaction):
    """Regions of a picture to put in order."""

    kind: ClassVar[str] = "graphic_order"

    picture: Picture
    regions: tuple[Region, ...]
    choices_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicAssociate(Interaction):
    """Pairs of regions of a picture, "A B"."""

    kind: ClassVar[str] = "graphic_associate"

    picture: Picture
    regions: tuple[Region, ...]
    associations_max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicGapMatch(Interaction):
    """Chips to put on regions of a picture, "CHIP REGION"."""

    kind: ClassVar[str] = "graphic_gap_match"

    picture: Picture
    chips: tuple[Option, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider(Interaction):
    """A number on a scale.  Bounds and step are decimal strings."""

    kind: ClassVar[str] = "slider"

    lower: str
    upper: str
    step: str
    is_vertical: bool = False
    is_reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Interaction):
    """A file from the candidate.  `media_types` empty means any."""

    kind: ClassVar[str] = "upload"

    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Interaction):
    """Sound or film.  The value is how often it was played; `plays_max` 0 means any number."""

    kind: ClassVar[str] = "media"

    href: str
    media_type: str
    title: str = ""
    plays_max: int = 0
    captions_href: str | None = None
    width: int | None = None
    height: int | None = None


INLINE_KINDS = frozenset({InlineChoice.kind, TextEntry.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stimulus:
    """A text or picture that several items refer to."""

    stimulus_id: str
    title: str
    body_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The smallest thing responded to; one without interactions only informs.

    `max_score` is a decimal string, or None where nobody said.
    """

    item_id: str
    title: str
    label: str
    body_html: str
    language: str
    interactions: tuple[Interaction, ...] = ()
    stimulus_ids: tuple[str, ...] = ()
    max_score: str | None = None
    time_limit_seconds: int | None = None
    is_fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A run of items with what is said before them.

    `select_count` draws so many of the items for each candidate; `shuffle` mixes all but the
    fixed ones.  `domain.exam_order` does both.
    """

    section_id: str
    title: str
    items: tuple[Item, ...]
    rubric_html: str = ""
    is_visible: bool = True
    shuffle: bool = False
    select_count: int | None = None
    time_limit_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPart:
    """Sections under one way of moving about."""

    __test__: ClassVar[bool] = False  # the QTI name would make pytest collect it

    part_id: str
    title: str
    sections: tuple[Section, ...]
    navigation: Navigation = Navigation.NONLINEAR
    submission: Submission = Submission.SIMULTANEOUS
    time_limit_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """One exam form.  Languages are BCP 47 tags, the first being the main one."""

    exam_id: str
    title: str
    languages: tuple[str, ...]
    parts: tuple[TestPart, ...]
    stimuli: tuple[Stimulus, ...] = ()
    duration_seconds: int | None = None
    instructions_html: str = ""

    def items(self) -> Iterator[Item]:
        """Yield every item in the order of the exam as authored."""
        for part in self.parts:
            for section in part.sections:
                yield from section.items

    def item(self, item_id: str) -> Item | None:
        """Return the item with this id, or None."""
        return next((item for item in self.items() if item.item_id == item_id), None)

    def stimuli_of(self, item: Item) -> tuple[Stimulus, ...]:
        """Return the stimuli the item refers to, in its order."""
        known = {stimulus.stimulus_id: stimulus for stimulus in self.stimuli}
        return tuple(known[name] for name in item.stimulus_ids if name in known)
