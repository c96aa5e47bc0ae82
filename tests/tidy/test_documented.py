"""What can be set, met or written down stands in docs/."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest
from flask import Flask

from appliance.domain.evolve import KINDS
from appliance.domain.states import AttemptState, SittingState
from appliance.formats.kiosk_settings import KioskSettings
from appliance.settings import Settings
from appliance.web.languages import speak
from appliance.web.staff.showing import attempt_state, entry_words, sitting_state
from docs.generate import DOCS, STATES
from sync.agent.stages import SyncStage, SyncStatus

UNITS = ("_seconds", "_minutes", "_ms", "_bytes", "_max", "_port", "_dir", "_threads")
WITHOUT_UNIT = {"room", "host", "public_origin", "proxy_address", "announce", "standby_of"}
WITHOUT_UNIT |= {"room_file_problem"}
"""Names, addresses, a sentence and a yes or no: they have no unit."""


@pytest.fixture
def in_english() -> Flask:
    """An application that speaks, for the words of pages."""
    app = Flask("words")
    speak(app)
    return app


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_setting_has_a_description_and_a_unit_and_is_documented(name: str) -> None:
    """Nobody should have to read the code to set it, nor guess whether 5 is seconds."""
    field = Settings.model_fields[name]
    assert field.description, "say what it is for"
    assert name.endswith(UNITS) or name in WITHOUT_UNIT, "a setting has its unit in its name"
    assert f"`{name}`" in (DOCS / "settings.md").read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("name", sorted(KioskSettings.model_fields))
def test_setting_of_the_kiosk_has_a_description_and_is_documented(name: str) -> None:
    """None of them is a number with a unit, except a port."""
    assert KioskSettings.model_fields[name].description, "say what it is for"
    page = (DOCS / "kiosk-settings.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page, "run `make docs`"


@pytest.mark.parametrize("states", [SittingState, AttemptState, SyncStage, SyncStatus])
def test_every_state_is_documented(states: type[StrEnum]) -> None:
    """A state that nobody explained is one that nobody expects."""
    page = (DOCS / "states.md").read_text(encoding="utf-8")
    missing = [one.value for one in states if one not in STATES or f"`{one.value}`" not in page]
    assert missing == [], "say in docs/generate.py what these states mean, then run `make docs`"


def test_every_state_has_words_for_the_room_view(in_english: Flask) -> None:
    """Staff never read a name from the code."""
    with in_english.test_request_context():
        assert all(sitting_state(one) for one in SittingState)
        assert all(attempt_state(one) for one in AttemptState)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_of_entry_has_words_and_is_documented(in_english: Flask, kind: str) -> None:
    """The report shows it to people, and another program reads it at the centre."""
    with in_english.test_request_context():
        assert entry_words(kind), "give it words in appliance/web/staff/showing.py"
    page = (DOCS / "journal.md").read_text(encoding="utf-8")
    assert f"| `{kind}` |" in page, "say in docs/journal.md what its body holds"


def test_no_kind_of_entry_is_documented_that_is_gone() -> None:
    """A reader of the journal would wait for it."""
    page = (DOCS / "journal.md").read_text(encoding="utf-8")
    table = page.partition("## Kinds")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w{2,})` \|", table, re.MULTILINE))
    assert documented == set(KINDS)
