"""Choosing: radio buttons and check boxes, lists in a sentence, words in a text."""

from __future__ import annotations

import re

from appliance.domain.exams import Cardinality, Choice, Hottext, InlineChoice
from appliance.rendering.scene import Scene, attribute, has_blocks, plain_text

_HOTTEXT = re.compile(r'<span data-hottext="([^"]*)">(.*?)</span>', re.DOTALL)


def choice(interaction: Choice, scene: Scene) -> str:
    """Radio buttons or check boxes in a fieldset whose legend is the prompt."""
    is_single = interaction.cardinality is Cardinality.SINGLE
    options = scene.ordered(interaction, interaction.options, shuffle=interaction.shuffle)
    rows = "".join(
        f'<label class="option"><input type="{"radio" if is_single else "checkbox"}" '
        f'name="{scene.name(interaction)}" value="{attribute(option.option_id)}">'
        f'<span class="option-text">{option.html}</span></label>'
        for option in options
    )
    hint = _choice_hint(interaction, scene)
    layout = "options horizontal" if interaction.is_horizontal else "options"
    legend = _legend(interaction, scene, hint)
    return (
        f'<fieldset class="interaction choice" '
        f"{scene.head(interaction, max=interaction.choices_max)}>{legend}"
        f'<div class="{layout}">{rows}</div>'
        f'<button type="button" class="clear" hidden>{scene.text("clear")}</button></fieldset>'
    )


def _legend(interaction: Choice, scene: Scene, hint: str) -> str:
    prompt = interaction.prompt_html
    if not prompt:
        return f'<legend class="hint">{hint}</legend>'
    if has_blocks(prompt):
        # A legend takes a phrase only; the rest stands below it, in front of the options.
        return (
            f'<legend class="visually-hidden">{scene.text("response")}</legend>'
            f'<div class="prompt">{prompt}</div><p class="hint">{hint}</p>'
        )
    return f'<legend class="prompt">{prompt}</legend><p class="hint">{hint}</p>'


def _choice_hint(interaction: Choice, scene: Scene) -> str:
    if interaction.cardinality is Cardinality.SINGLE:
        return scene.text("choose_one")
    if interaction.choices_max in {0, len(interaction.options)}:
        return scene.text("choose_any")
    return scene.text("choose_at_most", max=interaction.choices_max)


def inline_choice(interaction: InlineChoice, scene: Scene) -> str:
    """A list in a sentence; its first line stands for no response."""
    options = "".join(
        f'<option value="{attribute(option.option_id)}">{attribute(plain_text(option.html))}'
        "</option>"
        for option in scene.ordered(interaction, interaction.options, shuffle=interaction.shuffle)
    )
    return (
        f'<span class="interaction inline-choice" {scene.head(interaction)}>'
        f'<select aria-label="{scene.text("gap", number=scene.number)}">'
        f'<option value="">{scene.text("choose")}</option>{options}</select></span>'
    )


def hottext(interaction: Hottext, scene: Scene) -> str:
    """A text in which some words are buttons that stay pressed."""

    def button(found: re.Match[str]) -> str:
        return (
            f'<button type="button" class="hot" aria-pressed="false" '
            f'data-value="{found.group(1)}">{found.group(2)}</button>'
        )

    is_single = interaction.choices_max == 1
    return scene.group(
        interaction,
        hint=scene.text("hottext_hint_one" if is_single else "hottext_hint_many")
        if interaction.choices_max in {0, 1}
        else scene.text("choose_at_most", max=interaction.choices_max),
        body=f'<div class="hottext-body">{_HOTTEXT.sub(button, interaction.text_html)}</div>',
        max=interaction.choices_max,
    )
