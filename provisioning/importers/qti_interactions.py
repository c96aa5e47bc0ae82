"""QTI interactions of text as interactions of our item model; the ones on pictures are beside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from appliance.domain.exams import (
    Associate,
    Cardinality,
    Choice,
    ExtendedText,
    GapMatch,
    Hottext,
    InlineChoice,
    Interaction,
    Match,
    Media,
    Option,
    Order,
    Slider,
    TextEntry,
    TextFormat,
    Upload,
)
from provisioning.importers.media import MediaRefused
from provisioning.importers.qti_body import BodyWriter
from provisioning.importers.qti_declarations import ResponseDeclaration, number
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport

_SPAN = re.compile(r"</?span\b[^>]*>")


class Unusable(Exception):  # noqa: N818 - caught by the item importer, with the reason to report
    """Why an interaction cannot be carried over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading one interaction needs."""

    writer: BodyWriter
    report: ItemReport
    declared: ResponseDeclaration


def count(node: Node, name: str, default: int) -> int:
    """Read a small whole number from an attribute."""
    written = node.get(name)
    return int(written) if written.isdecimal() and len(written) < 7 else default


def is_true(node: Node, name: str) -> bool:
    """Read a boolean attribute, false where it is missing."""
    return node.get(name) in {"true", "1"}


def _option(context: Context, node: Node, *, match_max: int = 1) -> Option:
    if node.get("show-hide", "show") == "hide" or node.get("template-identifier"):
        context.report.warn(
            f"Option {node.get('identifier')} is shown always, not only in some versions."
        )
    return Option(
        option_id=node.get("identifier"),
        html=context.writer.phrase(node),
        fixed=is_true(node, "fixed"),
        match_max=count(node, "match-max", match_max),
    )


def _options(context: Context, node: Node, name: str) -> tuple[Option, ...]:
    options = tuple(_option(context, child) for child in node.all(name))
    if not options:
        raise Unusable("it has no options")
    return options


def _prompted(context: Context, node: Node) -> tuple[str, Cardinality]:
    return context.writer.content(node.first("qti-prompt")), context.declared.cardinality


def _choice(context: Context, node: Node) -> Choice:
    prompt, cardinality = _prompted(context, node)
    return Choice(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=cardinality,
        options=_options(context, node, "qti-simple-choice"),
        choices_min=count(node, "min-choices", 0),
        choices_max=count(node, "max-choices", 1),
        shuffle=is_true(node, "shuffle"),
        is_horizontal=node.get("orientation") == "horizontal"
        or "qti-orientation-horizontal" in node.get("class").split(),
    )


def _inline_choice(context: Context, node: Node) -> InlineChoice:
    options = _options(context, node, "qti-inline-choice")
    # An empty option stands for "nothing chosen yet", which the list has by itself.
    return InlineChoice(
        response_id=context.declared.response_id,
        options=tuple(option for option in options if option.html),
        shuffle=is_true(node, "shuffle"),
    )


def _text_entry(context: Context, node: Node) -> TextEntry:
    if node.get("pattern-mask"):
        context.report.note("What may be typed is not restricted by a pattern (pattern-mask).")
    return TextEntry(
        response_id=context.declared.response_id,
        cardinality=context.declared.cardinality,
        base_type=context.declared.base_type,
        expected_length=count(node, "expected-length", 0) or None,
        placeholder=node.get("placeholder-text"),
    )


def _extended_text(context: Context, node: Node) -> ExtendedText:
    prompt, cardinality = _prompted(context, node)
    if count(node, "max-strings", 1) > 1 or cardinality is not Cardinality.SINGLE:
        context.report.warn("Several separate texts were wanted; one text is collected.")
    if node.get("pattern-mask"):
        context.report.note("What may be typed is not restricted by a pattern (pattern-mask).")
    written = node.get("format", "plain")
    formats = {"xhtml": "rich", "preFormatted": "preformatted", "pre-formatted": "preformatted"}
    return ExtendedText(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        text_format=TextFormat(formats.get(written, "plain")),
        expected_lines=count(node, "expected-lines", 0) or None,
        expected_length=count(node, "expected-length", 0) or None,
        words_max=count(node, "data-words-max", 0) or None,
        placeholder=node.get("placeholder-text"),
    )


def _match(context: Context, node: Node) -> Match:
    prompt, cardinality = _prompted(context, node)
    sets = node.all("qti-simple-match-set")
    if len(sets) != 2:
        raise Unusable("it does not have two sets to match")
    rows, columns = (_options(context, one, "qti-simple-associable-choice") for one in sets)
    return Match(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=cardinality,
        rows=rows,
        columns=columns,
        associations_max=count(node, "max-associations", 1),
        shuffle=is_true(node, "shuffle"),
    )


def _gap_match(context: Context, node: Node) -> GapMatch:
    prompt, cardinality = _prompted(context, node)
    gaps: list[str] = []

    def place(gap: Node) -> str:
        gaps.append(gap.get("identifier"))
        return f'<span data-gap="{escape(gap.get("identifier"))}"></span>'

    writer = context.writer.with_handlers({"qti-gap": place})
    text = Node("div", children=[child for child in node.children if not _is_chip(child)])
    html = writer.content(text)
    if not gaps:
        raise Unusable("it has no gaps")
    return GapMatch(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=cardinality,
        chips=tuple(_option(context, child) for child in node.all("qti-gap-text", "qti-gap-img")),
        gap_ids=tuple(gaps),
        gaps_html=html,
        shuffle=is_true(node, "shuffle"),
    )


def _is_chip(node: Node) -> bool:
    return node.name in {"qti-prompt", "qti-gap-text", "qti-gap-img"}


def _order(context: Context, node: Node) -> Order:
    prompt, _ = _prompted(context, node)
    if node.get("max-choices") or node.get("min-choices"):
        context.report.warn("All options are ordered, not only a chosen few.")
    return Order(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=Cardinality.ORDERED,
        options=_options(context, node, "qti-simple-choice"),
        shuffle=is_true(node, "shuffle"),
        is_horizontal=node.get("orientation") == "horizontal",
    )


def _associate(context: Context, node: Node) -> Associate:
    prompt, cardinality = _prompted(context, node)
    return Associate(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=cardinality,
        options=_options(context, node, "qti-simple-associable-choice"),
        associations_max=count(node, "max-associations", 1),
        shuffle=is_true(node, "shuffle"),
    )


def _hottext(context: Context, node: Node) -> Hottext:
    prompt, cardinality = _prompted(context, node)
    names: list[str] = []

    def place(hottext: Node) -> str:
        names.append(hottext.get("identifier"))
        # Renderers find the end of the words by the next </span>, so none may stand within them.
        words = _SPAN.sub("", context.writer.content(hottext))
        return f'<span data-hottext="{escape(hottext.get("identifier"))}">{words}</span>'

    writer = context.writer.with_handlers({"qti-hottext": place})
    text = Node("div", children=[child for child in node.children if child.name != "qti-prompt"])
    html = writer.content(text)
    if not names:
        raise Unusable("it has no words to pick")
    return Hottext(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        cardinality=cardinality,
        hottext_ids=tuple(names),
        text_html=html,
        choices_max=count(node, "max-choices", 1),
    )


def _slider(context: Context, node: Node) -> Slider:
    prompt, _ = _prompted(context, node)
    lower, upper = number(node.get("lower-bound")), number(node.get("upper-bound"))
    if lower is None or upper is None:
        raise Unusable("its scale has no ends")
    return Slider(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        lower=lower,
        upper=upper,
        step=number(node.get("step")) or "1",
        is_vertical=node.get("orientation") == "vertical",
        is_reversed=is_true(node, "reverse"),
    )


def _upload(context: Context, node: Node) -> Upload:
    prompt, _ = _prompted(context, node)
    return Upload(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        media_types=tuple(node.get("type").replace(",", " ").split()),
    )


def _media(context: Context, node: Node) -> Media:
    prompt, _ = _prompted(context, node)
    player = next(iter(node.below("audio", "video", "object")), None)
    if player is None:
        raise Unusable("it has no sound or film")
    if is_true(node, "autostart"):
        context.report.note("Sound and film start when the candidate starts them.")
    source = player.get("src") or player.get("data")
    source = source or next((s.get("src") for s in player.all("source")), "")
    track = player.first("track")
    try:
        media = context.writer.take(source)
        captions = None if track is None else context.writer.take(track.get("src")).href
    except MediaRefused as refusal:
        raise Unusable(str(refusal)) from refusal
    return Media(
        response_id=context.declared.response_id,
        prompt_html=prompt,
        href=media.href,
        media_type=media.media_type,
        title=player.get("title") or player.get("aria-label"),
        plays_max=count(node, "max-plays", 0),
        captions_href=captions,
        width=count(player, "width", 0) or None,
        height=count(player, "height", 0) or None,
    )


Maker = Callable[[Context, Node], Interaction]
TEXT_INTERACTIONS: dict[str, Maker] = {
    "qti-choice-interaction": _choice,
    "qti-inline-choice-interaction": _inline_choice,
    "qti-text-entry-interaction": _text_entry,
    "qti-extended-text-interaction": _extended_text,
    "qti-match-interaction": _match,
    "qti-gap-match-interaction": _gap_match,
    "qti-order-interaction": _order,
    "qti-associate-interaction": _associate,
    "qti-hottext-interaction": _hottext,
    "qti-slider-interaction": _slider,
    "qti-upload-interaction": _upload,
    "qti-media-interaction": _media,
}
UNSUPPORTED_INTERACTIONS = {
    "qti-drawing-interaction": "drawing on a picture",
    "qti-custom-interaction": "an interaction made of its own program (custom)",
    "qti-portable-custom-interaction": "an interaction made of its own program (portable custom)",
    "qti-end-attempt-interaction": "a button that ends the attempt or asks for a hint",
}
