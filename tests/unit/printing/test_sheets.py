"""The sheets to print say what room.toml says, in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner

from provisioning.cli import main
from provisioning.printing.sheets import LANGUAGES, SHEETS, TRANSLATIONS, rooms_on_paper, sheet
from provisioning.room_setup.room_config import RoomConfig

CONFIGS = [
    RoomConfig(room="Room <12>", name="room12.school.example"),
    RoomConfig(
        room="Room <12>",
        name="room12-b.school.example",
        standby_of="https://room12.school.example",
    ),
]


def test_boxes_of_a_room_are_told_apart_by_a_letter() -> None:
    """An invigilator says “B is dead” on the telephone."""
    (room,) = rooms_on_paper(reversed(CONFIGS))
    assert [("A", ""), ("B", "https://room12.school.example")] == [
        (one.letter, one.config.standby_of) for one in room.boxes
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHEETS)
def test_sheet_names_the_room_and_asks_nothing_of_a_network(name: str, language: str) -> None:
    """It is printed on a laptop that has no network; a room's name cannot break the page."""
    page = sheet(name, rooms_on_paper(CONFIGS), language=language)
    assert "Room &lt;12&gt;" in page
    assert f'<html lang="{language}">' in page
    assert not re.search(r"(src|href|url)\s*[=(]", page)


def test_every_sentence_of_the_sheets_is_translated() -> None:
    """A sheet in two languages is read by nobody."""
    with (TRANSLATIONS / "sv" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        assert [] == [one.id for one in read_po(file) if one.id and not one.string]


def test_command_makes_all_sheets_of_a_site(tmp_path: Path) -> None:
    """From the folder that make-rooms made."""
    (tmp_path / "room12").mkdir()
    (tmp_path / "room12" / "room.toml").write_text('room = "Sal 12"\nname = "sal12.skola.example"')
    result = CliRunner().invoke(main, ["print-sheets", str(tmp_path), "--language", "sv"])
    assert (0, 3) == (result.exit_code, len(result.output.splitlines()))
    assert "Checklista: Sal 12" in (tmp_path / "checklist.html").read_text()


def test_command_says_so_when_there_is_no_box(tmp_path: Path) -> None:
    """An empty sheet would be printed and carried along."""
    result = CliRunner().invoke(main, ["print-sheets", str(tmp_path)])
    assert (1, True) == (result.exit_code, "no room.toml" in result.output)
