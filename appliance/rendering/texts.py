"""Every word that rendering and its browser modules show, by key, to be translated by the page.

`N_` marks a msgid for extraction; `texts_for` gives the mapping in the reader's language, which
goes both into `render_item` and, as JSON, into `mountItem`.  `{name}` stands for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping


def N_(msgid: str) -> str:  # noqa: N802 - the name that extraction tools look for
    """Mark a msgid."""
    return msgid


MSGIDS: Mapping[str, str] = {
    "response": N_("Your response"),
    "choose_one": N_("Choose one."),
    "choose_any": N_("Choose one or more."),
    "choose_at_most": N_("Choose at most {max}."),
    "at_most_reached": N_("At most {max} can be chosen. Take one away first."),
    "clear": N_("Clear my choice"),
    "cleared": N_("Cleared."),
    "choose": N_("Choose"),
    "gap": N_("Gap {number}"),
    "gap_empty": N_("Gap {number}, empty"),
    "gap_filled": N_("Gap {number}: {content}"),
    "words_one": N_("1 word"),
    "words_many": N_("{count} words"),
    "words_one_of": N_("1 word of at most {max}"),
    "words_many_of": N_("{count} words of at most {max}"),
    "format": N_("Format"),
    "bold": N_("Bold"),
    "italic": N_("Italic"),
    "underline": N_("Underline"),
    "bullet_list": N_("List"),
    "numbered_list": N_("Numbered list"),
    "superscript": N_("Superscript"),
    "subscript": N_("Subscript"),
    "special_characters": N_("Special characters"),
    "undo": N_("Undo"),
    "redo": N_("Redo"),
    "match_hint": N_("Choose what belongs to each."),
    "match_table_hint": N_("Mark what belongs together."),
    "moved_here": N_("{content} was taken from where it was before."),
    "place_hint": N_("Choose a part below, then choose the gap it belongs in. Or drag it there."),
    "place_picture_hint": N_(
        "Choose a part below, then choose its place on the picture. Or drag it there."
    ),
    "parts": N_("Parts"),
    "part_chosen": N_("{content} is chosen. Now choose where it belongs."),
    "part_placed": N_("{content} was placed."),
    "part_removed": N_("{content} was taken back."),
    "order_hint": N_("Put these in order, with the arrows or by dragging."),
    "order_untouched": N_("Nothing is recorded yet. Move something, or keep this order."),
    "order_keep": N_("Keep this order"),
    "order_kept": N_("The order is recorded."),
    "move_up": N_("Move up: {content}"),
    "move_down": N_("Move down: {content}"),
    "moved_to": N_("{content} is now number {number} of {count}."),
    "associate_hint": N_("Choose two parts that belong together."),
    "pairs": N_("Your pairs"),
    "no_pairs": N_("No pairs yet."),
    "pair": N_("{first} and {second}"),
    "pair_made": N_("Pair made: {first} and {second}."),
    "remove": N_("Remove"),
    "remove_what": N_("Remove: {content}"),
    "hottext_hint_one": N_("Choose one of the marked parts of the text."),
    "hottext_hint_many": N_("Choose among the marked parts of the text."),
    "region": N_("Place {number}"),
    "hotspot_hint_one": N_("Choose one place on the picture."),
    "hotspot_hint_many": N_("Choose places on the picture."),
    "graphic_order_hint": N_("Choose the places on the picture in the right order."),
    "graphic_order_place": N_("{label}, number {number} in your order"),
    "graphic_associate_hint": N_("Choose two places on the picture that belong together."),
    "point_hint": N_("Click on the picture. Or use the arrow keys, then Enter."),
    "point_area": N_(
        "Picture to mark. The arrow keys move the cross, with Shift in larger steps; "
        "Enter sets a point."
    ),
    "point_at": N_("Point {number}: {x}, {y}"),
    "point_position": N_("{x}, {y}"),
    "no_points": N_("No point yet."),
    "slider_untouched": N_("No value yet"),
    "slider_value": N_("Value: {value}"),
    "file_choose": N_("Choose a file"),
    "file_none": N_("No file yet."),
    "file_chosen": N_("{name}, {size}"),
    "file_failed": N_("This file could not be read. Choose it again."),
    "play": N_("Play"),
    "playing": N_("Playing"),
    "plays_left_one": N_("You can play it once more."),
    "plays_left_many": N_("You can play it {count} more times."),
    "plays_left_none": N_("You have played it as often as is allowed."),
    "recording": N_("Recording"),
    "shared_text": N_("Text for several items"),
    "picture_missing": N_("The picture is missing."),
}


def texts_for(gettext: Callable[[str], str]) -> dict[str, str]:
    """Return every text by key in the language `gettext` translates into."""
    return {key: gettext(msgid) for key, msgid in MSGIDS.items()}


def msgids() -> list[str]:
    """Return all msgids for the catalogue of translations."""
    return sorted(set(MSGIDS.values()))
