"""GIFT, Moodle's format for typing items into a text file.

    ::Title:: Which is it? {=this ~that}       one of several          {~%50%a ~%50%b}  several
    Where? {=Paris =paris}                     a word                  {#3.14:0.01}     a number
    Match {=a -> b =c -> d}                    pairs                   {T}  {}          essay

Source of the rules: the GIFT page of the Moodle documentation.
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import escape

from appliance.domain.scoring import decimal_of
from provisioning.importers.plain_items import PlainItem, Suggestion, Way
from provisioning.importers.reporting import ItemReport, Report
from provisioning.importers.sanitising import sanitise_body

_ESCAPED = re.compile(r"\\([~=#{}:\\n])")
TITLE_CHARACTERS_MAX = 60
_PRIVATE = 0xE000  # escaped characters wait in the private use area while the rest is parsed
_TAG = re.compile(r"<[^>]*>")
_TITLE = re.compile(r"^::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"^\s*\[(html|moodle|plain|markdown)\]")
_BRACES = re.compile(r"\{(.*?)\}", re.DOTALL)
_PART = re.compile(r"([=~])\s*(?:%(-?[\d.]+)%)?((?:[^=~])*)")
_TRUTH = re.compile(r"(T|TRUE|F|FALSE)", re.IGNORECASE)
_RANGE = re.compile(r"(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)")


def looks_like_gift(text: str) -> bool:
    """Whether a text file holds at least one title or one pair of braces."""
    return _BRACES.search(text) is not None


class GiftReader:
    """Reads one GIFT file."""

    def __init__(self, text: str, report: Report) -> None:
        self._text = text
        self._report = report

    def read(self) -> list[tuple[PlainItem, ItemReport]]:
        """Return the items with their reports, in the order of the file."""
        lines = [line for line in self._text.splitlines() if not line.lstrip().startswith("//")]
        blocks = re.split(r"\n\s*\n", "\n".join(lines))
        items = []
        for number, block in enumerate(filter(str.strip, blocks), start=1):
            written = re.sub(r"^\$CATEGORY:.*$", "", block, flags=re.MULTILINE).strip()
            if written:
                report = ItemReport(self._report, f"item-{number}")
                items.append((_item(_hide(written), report), report))
        return items


def _hide(text: str) -> str:
    return _ESCAPED.sub(
        lambda found: "\n" if found[1] == "n" else chr(_PRIVATE + ord(found[1])), text
    )


def _shown(text: str) -> str:
    return "".join(
        chr(ord(one) - _PRIVATE) if _PRIVATE <= ord(one) < _PRIVATE + 128 else one for one in text
    ).strip()


def _item(text: str, report: ItemReport) -> PlainItem:
    title, text = _cut(_TITLE, text)
    written_as, text = _cut(_FORMAT, text)
    braces = _BRACES.search(text)
    before = text if braces is None else text[: braces.start()]
    after = "" if braces is None else text[braces.end() :]
    gap = " _____ " if before.strip() and after.strip() else ""
    body = _html(before + gap + after, written_as)
    shown = _shown(title) or _TAG.sub("", _shown(before)).strip()[:TITLE_CHARACTERS_MAX]
    if braces is None:
        return PlainItem(title=shown, body_html=body, way=Way.NONE)
    return _responding(shown, body, braces[1].strip(), report)


def _responding(title: str, body: str, inside: str, report: ItemReport) -> PlainItem:
    inside, hint = _without_feedback(inside)
    if hint:
        report.lost("Feedback that depends on responses is not shown in an exam.")
    if not inside:
        return PlainItem(title=title, body_html=body, way=Way.ESSAY)
    if _TRUTH.fullmatch(inside):
        is_true = inside[0] in "tT"
        pair = (("True", is_true), ("False", not is_true))
        suggestions = tuple(Suggestion(html=word, share=Decimal(right)) for word, right in pair)
        return PlainItem(title=title, body_html=body, way=Way.CHOICE, suggestions=suggestions)
    if inside.startswith("#"):
        numbers = _numbers(inside[1:], report)
        return PlainItem(title=title, body_html=body, way=Way.NUMBER, suggestions=numbers)
    parts = [(sign, share, words.strip()) for sign, share, words in _PART.findall(inside)]
    if not parts:
        report.warn(f"What stands in braces is not understood: {_shown(inside)[:80]}")
        return PlainItem(title=title, body_html=body, way=Way.ESSAY)
    return _of_parts(title, body, parts)


def _of_parts(title: str, body: str, parts: list[tuple[str, str, str]]) -> PlainItem:
    if all(sign == "=" and "->" in words for sign, _, words in parts):
        pairs = [words.split("->", 1) for _, _, words in parts]
        return PlainItem(
            title=title,
            body_html=body,
            way=Way.MATCH,
            suggestions=tuple(
                Suggestion(html=_phrase(row), target=_phrase(target)) for row, target in pairs
            ),
            is_shuffled=True,
        )
    is_text = all(sign == "=" for sign, _, _ in parts)
    return PlainItem(
        title=title,
        body_html=body,
        way=Way.TEXT if is_text else Way.CHOICE,
        suggestions=tuple(
            Suggestion(html=_shown(words) if is_text else _phrase(words), share=_share(sign, share))
            for sign, share, words in parts
        ),
        is_multiple=not is_text and not any(sign == "=" for sign, _, _ in parts),
        is_shuffled=not is_text,
    )


def _numbers(inside: str, report: ItemReport) -> tuple[Suggestion, ...]:
    parts = _PART.findall(inside) or [("=", "", inside)]
    suggestions = []
    for sign, share, words in parts:
        value, tolerance = _value(words.strip())
        if value is None:
            report.warn(f"A number is not understood: {_shown(words)[:40]}")
            continue
        suggestions.append(Suggestion(html=value, share=_share(sign, share), tolerance=tolerance))
    return tuple(suggestions)


def _value(words: str) -> tuple[str | None, str]:
    """Read "3.14", "3.14:0.01" or "3..4" as a number with a tolerance."""
    ends = _RANGE.fullmatch(words)
    low, high = (decimal_of(ends[1]), decimal_of(ends[2])) if ends else (None, None)
    if low is not None and high is not None:
        return format((low + high) / 2, "f"), format(abs(high - low) / 2, "f")
    value, _, tolerance = words.partition(":")
    number, around = decimal_of(value.strip()), decimal_of(tolerance.strip()) or Decimal(0)
    return (None if number is None else format(number, "f")), format(abs(around), "f")


def _share(sign: str, written: str) -> Decimal:
    share = decimal_of(written)
    if share is not None:
        return share / 100
    return Decimal(1 if sign == "=" else 0)


def _without_feedback(inside: str) -> tuple[str, bool]:
    """Cut feedback (# to the next sign), except the # that begins a number."""
    start = 1 if inside.startswith("#") else 0
    cut = re.sub(r"#[^=~]*", "", inside[start:])
    return (inside[:start] + cut).strip(), cut != inside[start:]


def _cut(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _html(text: str, written_as: str) -> str:
    shown = _shown(text)
    if written_as == "html" or (not written_as and "<" in shown):
        return sanitise_body(shown)
    return sanitise_body("<p>" + escape(shown).replace("\n", "<br>") + "</p>")


def _phrase(text: str) -> str:
    shown = _shown(text)
    return sanitise_body(shown if "<" in shown else escape(shown))
