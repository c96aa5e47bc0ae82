"""A small exam of our own for tests: a choice, a text, and a linear part if wanted."""

from __future__ import annotations

from appliance.domain.exams import (
    Choice,
    Exam,
    ExtendedText,
    Item,
    Navigation,
    Option,
    Section,
    TestPart,
    TextEntry,
)


def small_exam(*, linear: bool = False) -> Exam:
    """Return an exam of four items: choice, text entry, two extended texts."""
    options = tuple(
        Option(option_id=name, html=f"<p>Option {name}</p>") for name in ("A", "B", "C")
    )
    items = (
        Item(
            item_id="CHOICE",
            title="A choice",
            label="1",
            language="en",
            body_html='<div data-interaction="RESPONSE"></div>',
            interactions=(
                Choice(response_id="RESPONSE", prompt_html="Which one?", options=options),
            ),
            max_score="1",
        ),
        Item(
            item_id="WORD",
            title="A word",
            label="2",
            language="en",
            body_html='<p>Write <span data-interaction="RESPONSE"></span> here.</p>',
            interactions=(TextEntry(response_id="RESPONSE"),),
            max_score="1",
        ),
        _essay("ESSAY", "An essay", "3"),
        _essay("LETTER", "A letter", "4"),
    )
    section = Section(section_id="S1", title="Section", items=items)
    navigation = Navigation.LINEAR if linear else Navigation.NONLINEAR
    part = TestPart(part_id="P1", title="Part", sections=(section,), navigation=navigation)
    return Exam(
        exam_id="small",
        title="A small exam",
        languages=("en",),
        parts=(part,),
        duration_seconds=3600,
    )


def _essay(item_id: str, title: str, label: str) -> Item:
    return Item(
        item_id=item_id,
        title=title,
        label=label,
        language="en",
        body_html=f'<p>{title}, please.</p><div data-interaction="RESPONSE"></div>',
        interactions=(ExtendedText(response_id="RESPONSE", prompt_html="Write."),),
        max_score="6",
    )
