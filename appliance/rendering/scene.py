"""What the renderers of interactions share: names, texts, order, and a few words of HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape

from appliance.domain.exam_order import shuffled_options
from appliance.domain.exams import Interaction, Option

_TAG = re.compile(r"<[^>]*>")
_ALT = re.compile(r'<img\b[^>]*?\salt="([^"]*)"[^>]*>')
_BLOCK = re.compile(r"<(?:table|ul|ol|blockquote|figure|video|audio|pre|dl|h[1-6]|div|p)\b")


def attribute(value: object) -> str:
    """Escape a value for a quoted attribute."""
    return escape(str(value))


def plain_text(html: str) -> str:
    """Return what a reader hears of some sanitised HTML: its text, pictures by their names."""
    named = _ALT.sub(r" \1 ", html)
    return " ".join(unescape(_TAG.sub(" ", named)).split())


def is_text_only(html: str) -> bool:
    """Whether HTML has no picture, formula or structure, so that its text says all of it."""
    return re.search(r"<(?!/?(?:p|b|i|em|strong|span|br)\b)", html) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where an interaction stands.  `number` counts the inline ones of the item from 1."""

    item_id: str
    seed: str
    texts: Mapping[str, str]
    number: int

    def text(self, key: str, **values: object) -> str:
        """Return a text in the reader's language, escaped for HTML."""
        written = self.texts[key]
        for name, value in values.items():
            written = written.replace("{" + name + "}", str(value))
        return escape(written)

    def name(self, interaction: Interaction, *parts: object) -> str:
        """Return an element id that is unique on a page with many items."""
        return attribute("-".join(["r", self.item_id, interaction.response_id, *map(str, parts)]))

    def ordered(
        self,
        interaction: Interaction,
        options: tuple[Option, ...],
        *,
        shuffle: bool,
        group: str = "",
    ) -> tuple[Option, ...]:
        """Return options in the order this candidate sees."""
        if not shuffle:
            return options
        seed = f"{self.seed}/{self.item_id}/{interaction.response_id}{group}"
        return shuffled_options(options, seed=seed)

    def head(self, interaction: Interaction, **data: object) -> str:
        """Return the attributes by which the browser module finds an interaction."""
        known = {
            "kind": interaction.kind,
            "response": interaction.response_id,
            "cardinality": interaction.cardinality,
            **data,
        }
        return " ".join(
            f'data-{key.replace("_", "-")}="{attribute(value)}"' for key, value in known.items()
        )

    def group(self, interaction: Interaction, *, hint: str, body: str, **data: object) -> str:
        """Return an interaction as a labelled group: prompt, hint, then what one works with."""
        prompt, hint_id = self.name(interaction, "prompt"), self.name(interaction, "hint")
        label = (
            f'<div class="prompt" id="{prompt}">{interaction.prompt_html}</div>'
            if interaction.prompt_html
            else f'<div class="visually-hidden" id="{prompt}">{self.text("response")}</div>'
        )
        return (
            f'<div class="interaction {css_class(interaction)}" role="group" '
            f'aria-labelledby="{prompt}" aria-describedby="{hint_id}" '
            f"{self.head(interaction, **data)}>{label}"
            f'<p class="hint" id="{hint_id}">{hint}</p>{body}</div>'
        )


def css_class(interaction: Interaction) -> str:
    """Return the class of an interaction's kind."""
    return interaction.kind.replace("_", "-")


def has_blocks(html: str) -> bool:
    """Whether HTML holds more than a phrase, so that it does not fit into a legend."""
    return _BLOCK.search(html) is not None
