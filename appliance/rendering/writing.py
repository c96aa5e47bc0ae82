"""Writing and setting: text fields, texts with and without formatting, sliders, files."""

from __future__ import annotations

from appliance.domain.exams import ExtendedText, Slider, TextEntry, TextFormat, Upload
from appliance.rendering.scene import Scene, attribute

LINES_DEFAULT, LINES_MIN, LINES_MAX = 8, 3, 30
FIELD_CHARACTERS_DEFAULT, FIELD_CHARACTERS_MAX = 12, 60
_KEYBOARDS = {"integer": "numeric", "float": "decimal"}

# command of the editor, what its button shows, key of its name
TOOLS = (
    ("bold", "<b>B</b>", "bold"),
    ("italic", "<i>I</i>", "italic"),
    ("underline", "<u>U</u>", "underline"),
    ("", "", ""),
    ("insertUnorderedList", "•&nbsp;–", "bullet_list"),
    ("insertOrderedList", "1.&nbsp;–", "numbered_list"),
    ("superscript", "<span>x<sup>2</sup></span>", "superscript"),
    ("subscript", "<span>x<sub>2</sub></span>", "subscript"),
    ("characters", "Ω", "special_characters"),
    ("", "", ""),
    ("undo", "↶", "undo"),
    ("redo", "↷", "redo"),
)
CHARACTERS = "°²³±×÷·→⇌≤≥≠≈√∞∑∆µπαβγδελθλσφωΩ½¼¾‰€£§–…äöüßåæøéèêçñ"


def text_entry(interaction: TextEntry, scene: Scene) -> str:
    """A field in a sentence; numbers get the keyboard for numbers, and are not checked."""
    size = min(interaction.expected_length or FIELD_CHARACTERS_DEFAULT, FIELD_CHARACTERS_MAX)
    keyboard = _KEYBOARDS.get(interaction.base_type, "text")
    return (
        f'<span class="interaction text-entry" {scene.head(interaction)}>'
        f'<input type="text" size="{size}" inputmode="{keyboard}" autocomplete="off" '
        f'autocapitalize="off" autocorrect="off" spellcheck="false" maxlength="1000" '
        f'placeholder="{attribute(interaction.placeholder)}" '
        f'aria-label="{scene.text("gap", number=scene.number)}"></span>'
    )


def extended_text(interaction: ExtendedText, scene: Scene) -> str:
    """A text area, or an editor for a rich text, with the number of words below."""
    prompt = scene.name(interaction, "prompt")
    label = (
        f'<div class="prompt" id="{prompt}">{interaction.prompt_html}</div>'
        if interaction.prompt_html
        else f'<div class="visually-hidden" id="{prompt}">{scene.text("response")}</div>'
    )
    is_rich = interaction.text_format is TextFormat.RICH
    write = _editor if is_rich else _text_area
    return (
        f'<div class="interaction extended-text" '
        f"{scene.head(interaction, format=interaction.text_format, words_max=_limit(interaction))}>"
        f'{label}<div class="editor">{write(interaction, scene, prompt)}'
        f'<div class="foot"><span class="words"></span></div></div></div>'
    )


def _limit(interaction: ExtendedText) -> str:
    return "" if interaction.words_max is None else str(interaction.words_max)


def _lines(interaction: ExtendedText) -> int:
    return max(LINES_MIN, min(interaction.expected_lines or LINES_DEFAULT, LINES_MAX))


def _text_area(interaction: ExtendedText, scene: Scene, prompt: str) -> str:
    is_code = interaction.text_format is TextFormat.PREFORMATTED
    return (
        f'<textarea rows="{_lines(interaction)}" aria-labelledby="{prompt}" spellcheck="false" '
        f'class="{"fixed-width" if is_code else ""}" '
        f'placeholder="{attribute(interaction.placeholder)}"></textarea>'
    )


def _editor(interaction: ExtendedText, scene: Scene, prompt: str) -> str:
    tools = "".join(
        f'<button type="button" data-command="{command}" aria-label="{scene.text(key)}" '
        f'title="{scene.text(key)}"{_state(command)}>{shown}</button>'
        if command
        else '<span class="separator" role="presentation"></span>'
        for command, shown, key in TOOLS
    )
    characters = "".join(
        f'<button type="button" data-character="{one}">{one}</button>' for one in CHARACTERS
    )
    return (
        f'<div class="tools" role="toolbar" aria-label="{scene.text("format")}">{tools}</div>'
        f'<div class="characters" role="group" aria-label="{scene.text("special_characters")}" '
        f"hidden>{characters}</div>"
        f'<div class="rich" contenteditable="true" role="textbox" aria-multiline="true" '
        f'aria-labelledby="{prompt}" spellcheck="false" data-lines="{_lines(interaction)}"></div>'
    )


def _state(command: str) -> str:
    if command == "characters":
        return ' aria-expanded="false"'
    return "" if command in {"undo", "redo"} else ' aria-pressed="false"'


def slider(interaction: Slider, scene: Scene) -> str:
    """A native range that has no value until it is touched."""
    prompt = scene.name(interaction, "prompt")
    label = interaction.prompt_html or scene.text("response")
    shape = "vertical" if interaction.is_vertical else "level"
    return (
        f'<div class="interaction slider {shape}" {scene.head(interaction)}>'
        f'<div class="prompt" id="{prompt}">{label}</div>'
        f'<div class="scale"><span class="end" aria-hidden="true">{interaction.lower}</span>'
        f'<input type="range" min="{interaction.lower}" max="{interaction.upper}" '
        f'step="{interaction.step}" dir="{"rtl" if interaction.is_reversed else "ltr"}" '
        f'aria-labelledby="{prompt}" aria-valuetext="{scene.text("slider_untouched")}">'
        f'<span class="end" aria-hidden="true">{interaction.upper}</span></div>'
        f'<div class="slider-foot"><output class="value">{scene.text("slider_untouched")}</output>'
        f'<button type="button" class="clear" hidden>{scene.text("clear")}</button></div></div>'
    )


def upload(interaction: Upload, scene: Scene) -> str:
    """A native file input with a line that says what was chosen."""
    prompt = scene.name(interaction, "prompt")
    label = interaction.prompt_html or scene.text("file_choose")
    accept = attribute(",".join(interaction.media_types))
    return (
        f'<div class="interaction upload" {scene.head(interaction)}>'
        f'<div class="prompt" id="{prompt}">{label}</div>'
        f'<input type="file" accept="{accept}" aria-labelledby="{prompt}">'
        f'<p class="chosen">{scene.text("file_none")}</p>'
        f'<button type="button" class="clear" hidden>{scene.text("remove")}</button></div>'
    )
