"""Every text of the program is there in every language, with its values in place."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask

import kiosk_client
from appliance.rendering.texts import msgids
from appliance.web.candidate.texts import page_texts
from appliance.web.languages import LANGUAGES, TRANSLATIONS, speak
from docs.generate import error_classes
from provisioning.printing import sheets

TRANSLATED = [one for one in LANGUAGES if one != "en"]
ROOT = Path(__file__).parents[2]
KIOSK = Path(kiosk_client.__file__).parent / "translations"
SHEETS = sheets.TRANSLATIONS
BOTH = pytest.mark.parametrize(
    "folder", [TRANSLATIONS, KIOSK, SHEETS], ids=["box", "kiosk", "sheets"]
)
_VALUE = re.compile(r"\{\w+\}|%\(\w+\)[sd]|%%")


def _catalogue(language: str, folder: Path = TRANSLATIONS) -> Catalog:
    path = folder / language / "LC_MESSAGES" / "messages.po"
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


def _texts_of_candidates() -> set[str]:
    app = Flask("words")
    speak(app)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        page = set(page_texts().values())
    errors = {
        error.candidate_message
        for error in error_classes()
        if error.candidate_message is not None and error.__module__.startswith("appliance.")
    }
    return page | set(msgids()) | errors


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_a_candidate_reads_is_translated(language: str) -> None:
    """A sentence in another language in the middle of an exam costs more than its words."""
    catalogue = _catalogue(language)
    missing = sorted(
        text
        for text in _texts_of_candidates()
        if (found := catalogue.get(text)) is None or not found.string or found.fuzzy
    )
    assert missing == [], "run `make translations`, then translate these"


@pytest.mark.parametrize(
    ("part", "folder"),
    [
        ("appliance", TRANSLATIONS),
        ("provisioning/system_update", TRANSLATIONS),
        ("kiosk_client", KIOSK),
        ("provisioning/printing", SHEETS),
    ],
)
@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_program_is_translated(language: str, part: str, folder: Path) -> None:
    """A sentence that was added yesterday, too: somebody reads it in the middle of an exam."""
    with (ROOT / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    found = {one[2] for one in extract_from_dir(ROOT / part, methods, options)}
    translated = {
        one.id if isinstance(one.id, str) else tuple(one.id)
        for one in _catalogue(language, folder)
        if all(_forms(one)) and not one.fuzzy
    }
    assert found
    assert found - translated == set(), "run `make translations`, then translate these"


@BOTH
@pytest.mark.parametrize("language", TRANSLATED)
def test_values_survive_translation(language: str, folder: Path) -> None:
    """A name that is lost in a translation is a sentence without its number."""
    broken = [
        f"{message.id} -> {text}"
        for message in _catalogue(language, folder)
        if message.id
        for text in _forms(message)
        if text and not _values(text) <= _values(*_ids(message))
    ]
    broken += [
        f"{message.id} -> {message.string}"
        for message in _catalogue(language, folder)
        if isinstance(message.id, str)
        and message.id
        and message.string
        and _values(message.id) != _values(*_forms(message))
    ]
    assert broken == []


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _values(*texts: str) -> set[str]:
    return {value for text in texts for value in _VALUE.findall(text)}


@BOTH
@pytest.mark.parametrize("language", TRANSLATED)
def test_compiled_texts_are_those_of_the_source(language: str, folder: Path) -> None:
    """What is served is the compiled file; what people mend is the source."""
    compiled_at = folder / language / "LC_MESSAGES" / "messages.mo"
    compiled = read_mo(io.BytesIO(compiled_at.read_bytes()))
    expected = {
        _ids(message): _forms(message)
        for message in _catalogue(language, folder)
        if message.id and all(_forms(message)) and not message.fuzzy
    }
    found = {
        _ids(message): _forms(message)
        for message in compiled
        if message.id and all(_forms(message))
    }
    assert expected == found, "run `make translations`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_page_speaks_the_language(language: str) -> None:
    """The catalogue lies where the applications look for it."""
    app = Flask("words")
    speak(app)
    with app.test_request_context(headers={"Accept-Language": language}):
        translated = page_texts()
    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = page_texts()
    assert translated["hand_in"] != english["hand_in"]
