"""Bringing things together: match, gap match, order, associate."""

from __future__ import annotations

import re

from appliance.domain.exams import Associate, GapMatch, Match, Option, Order
from appliance.rendering.scene import Scene, attribute, is_text_only, plain_text

_GAP = re.compile(r'<span data-gap="([^"]*)"></span>')
TABLE_COLUMNS_MAX = 6
TABLE_CHARACTERS_MAX = 160


def match(interaction: Match, scene: Scene) -> str:
    """A table of marks, or a list for each row where the columns would not fit abreast."""
    rows = scene.ordered(interaction, interaction.rows, shuffle=interaction.shuffle, group="/rows")
    columns = scene.ordered(
        interaction, interaction.columns, shuffle=interaction.shuffle, group="/columns"
    )
    if _fits_lists(interaction):
        hint, body = "match_hint", _match_lists(interaction, scene, rows, columns)
    else:
        hint, body = "match_table_hint", _match_table(interaction, scene, rows, columns)
    return scene.group(
        interaction, hint=scene.text(hint), body=body, max=interaction.associations_max
    )


def _fits_lists(interaction: Match) -> bool:
    one_each = all(row.match_max == 1 for row in interaction.rows)
    texts = [column.html for column in interaction.columns]
    is_wide = len(texts) > TABLE_COLUMNS_MAX or sum(map(len, texts)) > TABLE_CHARACTERS_MAX
    return one_each and is_wide and all(map(is_text_only, texts))


def _match_lists(
    interaction: Match, scene: Scene, rows: tuple[Option, ...], columns: tuple[Option, ...]
) -> str:
    choices = "".join(
        f'<option value="{attribute(column.option_id)}" data-match-max="{column.match_max}">'
        f"{attribute(plain_text(column.html))}</option>"
        for column in columns
    )
    written = []
    for row in rows:
        name = scene.name(interaction, "row", row.option_id)
        written.append(
            f'<div class="match-row"><label for="{name}">{row.html}</label>'
            f'<select id="{name}" data-row="{attribute(row.option_id)}">'
            f'<option value="">{scene.text("choose")}</option>{choices}</select></div>'
        )
    return f'<div class="match-lists">{"".join(written)}</div>'


def _match_table(
    interaction: Match, scene: Scene, rows: tuple[Option, ...], columns: tuple[Option, ...]
) -> str:
    heads = "".join(
        f'<th scope="col" id="{scene.name(interaction, "column", column.option_id)}">'
        f"{column.html}</th>"
        for column in columns
    )
    lines = "".join(
        f'<tr><th scope="row" id="{scene.name(interaction, "row", row.option_id)}">{row.html}</th>'
        + "".join(_match_cell(interaction, scene, row, column) for column in columns)
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table class="match-table"><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _match_cell(interaction: Match, scene: Scene, row: Option, column: Option) -> str:
    labels = " ".join(
        (
            scene.name(interaction, "row", row.option_id),
            scene.name(interaction, "column", column.option_id),
        )
    )
    return (
        f'<td><label><input type="checkbox" data-row="{attribute(row.option_id)}" '
        f'data-column="{attribute(column.option_id)}" data-row-max="{row.match_max}" '
        f'data-column-max="{column.match_max}" aria-labelledby="{labels}"></label></td>'
    )


def gap_match(interaction: GapMatch, scene: Scene) -> str:
    """A text with gaps and, below it, the chips that go into them."""
    numbers = {gap: number for number, gap in enumerate(interaction.gap_ids, start=1)}

    def gap(found: re.Match[str]) -> str:
        number = numbers[found.group(1)]
        return (
            f'<button type="button" class="gap" data-place="{found.group(1)}" '
            f'data-number="{number}" aria-label="{scene.text("gap_empty", number=number)}">'
            f'<span class="gap-content">{number}</span></button>'
        )

    order = scene.ordered(interaction, interaction.chips, shuffle=interaction.shuffle)
    return scene.group(
        interaction,
        hint=scene.text("place_hint"),
        body=f'<div class="gap-text">{_GAP.sub(gap, interaction.gaps_html)}</div>'
        + chips(scene, order),
    )


def chips(scene: Scene, options: tuple[Option, ...]) -> str:
    """Return chips to place somewhere."""
    buttons = "".join(
        f'<button type="button" class="chip" draggable="true" aria-pressed="false" '
        f'data-value="{attribute(option.option_id)}" data-match-max="{option.match_max}">'
        f"{option.html}</button>"
        for option in options
    )
    return f'<div class="chips" role="group" aria-label="{scene.text("parts")}">{buttons}</div>'


def order(interaction: Order, scene: Scene) -> str:
    """A list with arrows; nothing is recorded before it is touched."""
    rows = "".join(
        f'<li draggable="true" data-value="{attribute(option.option_id)}">'
        f'<span class="order-text">{option.html}</span>{_arrows(scene, option)}</li>'
        for option in scene.ordered(interaction, interaction.options, shuffle=interaction.shuffle)
    )
    return scene.group(
        interaction,
        hint=scene.text("order_hint"),
        body=f'<ol class="order-list">{rows}</ol><div class="order-foot">'
        f'<span class="order-state">{scene.text("order_untouched")}</span>'
        f'<button type="button" class="keep">{scene.text("order_keep")}</button></div>',
    )


def _arrows(scene: Scene, option: Option) -> str:
    content = plain_text(option.html)
    return "".join(
        f'<button type="button" class="arrow" data-move="{step}" '
        f'aria-label="{scene.text(key, content=content)}">{sign}</button>'
        for step, key, sign in (("-1", "move_up", "↑"), ("1", "move_down", "↓"))
    )


def associate(interaction: Associate, scene: Scene) -> str:
    """Chips to choose two by two, and the list of pairs made."""
    order = scene.ordered(interaction, interaction.options, shuffle=interaction.shuffle)
    return scene.group(
        interaction,
        hint=scene.text("associate_hint"),
        body=chips(scene, order) + pair_list(scene),
        max=interaction.associations_max,
    )


def pair_list(scene: Scene) -> str:
    """Return the place where the browser module lists pairs."""
    return (
        f'<div class="made"><p class="made-title">{scene.text("pairs")}</p>'
        f'<p class="made-none">{scene.text("no_pairs")}</p><ul class="made-list"></ul></div>'
    )
