"""An item as accessible HTML that works with mouse, keyboard and touch.

The HTML carries no script and no style; `static/item.js` (`mountItem`) brings it to life and
`static/items.css` gives it its look from the design tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from appliance.domain.errors import InvariantViolated
from appliance.domain.exams import INLINE_KINDS, Exam, Interaction, Item, Stimulus
from appliance.rendering import choices, pairing, pictures, writing
from appliance.rendering.scene import Scene, attribute
from appliance.rendering.texts import MSGIDS

UNKNOWN_LANGUAGE = "und"
_PLACEHOLDER = re.compile(r'<(div|span) data-interaction="([^"]*)"></\1>')
# A full stop after a gap, a list or a button must not begin the next line.
_LOOSE = re.compile(
    r'(<button type="button" class="(?:gap|hot)"(?:(?!</button>).)*</button>'
    r'|<span class="interaction (?:inline-choice|text-entry)"(?:(?!</span>).)*</span>)'
    r"([.,;:!?)]+)",
    re.DOTALL,
)
_MEDIA = re.compile(r'(<(?:img|audio|video|source|track)\b[^<]*?\s(?:src|poster)=")media/')

_RENDERERS: Mapping[str, Callable[[Any, Scene], str]] = {
    "choice": choices.choice,
    "inline_choice": choices.inline_choice,
    "hottext": choices.hottext,
    "text_entry": writing.text_entry,
    "extended_text": writing.extended_text,
    "slider": writing.slider,
    "upload": writing.upload,
    "match": pairing.match,
    "gap_match": pairing.gap_match,
    "order": pairing.order,
    "associate": pairing.associate,
    "hotspot": pictures.hotspot,
    "select_point": pictures.select_point,
    "graphic_order": pictures.graphic_order,
    "graphic_associate": pictures.graphic_associate,
    "graphic_gap_match": pictures.graphic_gap_match,
    "media": pictures.media,
}


def render_item(
    item: Item,
    exam: Exam,
    *,
    seed: str,
    media_base: str,
    texts: Mapping[str, str] = MSGIDS,
) -> str:
    """Return an item with its stimuli as HTML.

    `seed` decides the order of shuffled options: the same seed, the same order.  `media_base` is
    the address media lie under, without a slash at its end.  `texts` are those of `texts_for`.
    """
    stimuli = "".join(_stimulus(stimulus, texts) for stimulus in exam.stimuli_of(item))
    body = _body(item, seed, texts)
    layout = "item-view with-stimulus" if stimuli else "item-view"
    html = (
        f'<div class="{layout}" data-item="{attribute(item.item_id)}"{language(item.language)}>'
        f'{stimuli}<div class="item-body">{body}</div></div>'
    )
    base = attribute(media_base)
    return _MEDIA.sub(lambda found: f"{found.group(1)}{base}/", html)


def render_html(html: str, media_base: str) -> str:
    """Return HTML of the model, such as instructions or a rubric, with its media in reach."""
    base = attribute(media_base)
    return _MEDIA.sub(lambda found: f"{found.group(1)}{base}/", html)


def language(tag: str) -> str:
    """Return the lang attribute for a language, nothing for one nobody named."""
    return "" if tag == UNKNOWN_LANGUAGE else f' lang="{attribute(tag)}"'


def _stimulus(stimulus: Stimulus, texts: Mapping[str, str]) -> str:
    title = attribute(stimulus.title or texts["shared_text"])
    return (
        # it scrolls by itself beside the item, so the keyboard must be able to stop on it
        f'<section class="stimulus" tabindex="0" aria-label="{title}">'
        f'<p class="stimulus-title" aria-hidden="true">{title}</p>'
        f'<div class="stimulus-body">{stimulus.body_html}</div></section>'
    )


def _body(item: Item, seed: str, texts: Mapping[str, str]) -> str:
    known = {interaction.response_id: interaction for interaction in item.interactions}
    inline = [one.response_id for one in item.interactions if one.kind in INLINE_KINDS]

    def place(found: re.Match[str]) -> str:
        interaction = known[found.group(2)]
        number = inline.index(interaction.response_id) + 1 if found.group(2) in inline else 1
        scene = Scene(item_id=item.item_id, seed=seed, texts=texts, number=number)
        return render_interaction(interaction, scene)

    return _LOOSE.sub(
        r'<span class="together">\1\2</span>', _PLACEHOLDER.sub(place, item.body_html)
    )


def render_interaction(interaction: Interaction, scene: Scene) -> str:
    """Return one interaction as HTML."""
    renderer = _RENDERERS.get(interaction.kind)
    if renderer is None:
        raise InvariantViolated(f"no renderer for {interaction.kind}")
    return renderer(interaction, scene)


def render_exam_preview(exam: Exam, media_base: str, texts: Mapping[str, str] = MSGIDS) -> str:
    """Return a whole exam below each other, in the order as authored, for looking through."""
    written = [f'<div class="exam-preview"{language(exam.languages[0])}>']
    if exam.instructions_html:
        written.append(
            f'<div class="rubric">{render_html(exam.instructions_html, media_base)}</div>'
        )
    number = 0
    for part in exam.parts:
        written.append(
            f'<section class="preview-part"><h2>{attribute(part.title or exam.title)}</h2>'
        )
        for section in part.sections:
            if section.is_visible and section.title:
                written.append(f"<h3>{attribute(section.title)}</h3>")
            if section.rubric_html:
                written.append(
                    f'<div class="rubric">{render_html(section.rubric_html, media_base)}</div>'
                )
            for item in section.items:
                number += 1
                written.append(
                    f'<article class="preview-item"><h4>{number}. {attribute(item.title)}</h4>'
                    f"{render_item(item, exam, seed='preview', media_base=media_base, texts=texts)}"
                    "</article>"
                )
        written.append("</section>")
    return "".join([*written, "</div>"])
