"""`examroom-provision write-sticks`, as a technician meets it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli import main
from provisioning.sticks.speeds import Speeds, too_slow_for
from tests.rig.small_image import MIB, small_image

ROOM = 'room = "Room 12"\nname = "room12.school.example"\n'


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Write a small image."""
    return small_image(tmp_path / "image.raw")


def _run(*given: str | Path) -> Result:
    return CliRunner().invoke(main, ["write-sticks", *(str(one) for one in given)])


def _stick(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(40 * MIB)
    return path


def _file_on(stick: Path, name: str) -> str:
    command = ["mtype", "-i", f"{stick}@@3M", f"::/{name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def test_each_stick_gets_its_own_room_file(image: Path, tmp_path: Path) -> None:
    """A box finds on its stick which room it is for."""
    sticks = [_stick(tmp_path / "one"), _stick(tmp_path / "two")]
    rooms = [tmp_path / "one.toml", tmp_path / "two.toml"]
    for number, room in enumerate(rooms):
        room.write_text(ROOM.replace("12", str(number)))
    result = _run(image, *sticks, "--room", rooms[0], "--room", rooms[1])
    assert "examroom-box_1.0 written and read back" in result.output
    assert [ROOM.replace("12", str(number)) for number in range(2)] == [
        _file_on(stick, "room.toml") for stick in sticks
    ]


def test_nothing_is_written_when_one_device_is_unfit(image: Path, tmp_path: Path) -> None:
    """All are looked at before the first is written."""
    good, small = _stick(tmp_path / "good"), tmp_path / "small"
    small.write_bytes(b"x")
    result = _run(image, good, small)
    assert (1, bytes(40 * MIB)) == (result.exit_code, good.read_bytes())
    assert "was not written: it has 0 MiB" in result.output


def test_one_room_file_never_makes_two_boxes(image: Path, tmp_path: Path) -> None:
    """Two boxes with one address would take each other's candidates."""
    room = tmp_path / "room.toml"
    room.write_text(ROOM)
    result = _run(image, _stick(tmp_path / "one"), _stick(tmp_path / "two"), "--room", room)
    assert (2, True) == (result.exit_code, "--room once for each" in result.output)


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--room", "rom = 1", "/file cannot go onto a stick: The file room.toml cannot"),
        ("--client", "= 1", "/file cannot go onto a stick"),
        ("--client", "screen_reeder = true", "cannot be used: screen_reeder: Extra inputs"),
        ("--client", 'screen_reader = "loud"', "cannot be used: screen_reader: Input should be"),
        ("--wireless", 'name = "exam"', "file wireless.toml cannot be used: key: Field required"),
        ("--authority", "none", "/file cannot go onto a stick"),
        ("--centre-keys", "{}", "/file cannot go onto a stick"),
    ],
)
def test_file_that_is_not_what_it_should_be_stops_everything(
    image: Path, tmp_path: Path, option: str, text: str, said: str
) -> None:
    """A mistyped room file is found at the desk, not in the room."""
    stick, file = _stick(tmp_path / "stick"), tmp_path / "file"
    file.write_text(text)
    result = _run(image, stick, option, file)
    assert (1, bytes(40 * MIB)) == (result.exit_code, stick.read_bytes())
    assert said in result.output


def test_file_of_a_client_says_only_what_is_special(image: Path, tmp_path: Path) -> None:
    """Whom to trust lies beside it on the stick."""
    stick, client = _stick(tmp_path / "stick"), tmp_path / "client.toml"
    client.write_bytes(b"\xef\xbb\xbfscreen_reader = true\r\n")
    result = _run(image, stick, "--client", client)
    assert "written and read back" in result.output
    assert "screen_reader = true" in _file_on(stick, "client.toml")


def test_keyboard_of_a_client_is_on_its_stick(image: Path, tmp_path: Path) -> None:
    """Thirty sticks for a school with German keyboards are written in one go."""
    sticks = [_stick(tmp_path / "one"), _stick(tmp_path / "two")]
    result = _run(image, *sticks, "--keyboard", "de,us")
    assert "written and read back" in result.output
    assert ["de,us\n", "de,us\n"] == [_file_on(stick, "keyboard.txt") for stick in sticks]


def test_wireless_network_of_a_client_is_on_its_stick(image: Path, tmp_path: Path) -> None:
    """The file may lie anywhere; the image looks for it under one name."""
    stick, file = _stick(tmp_path / "stick"), tmp_path / "spring.toml"
    file.write_text('name = "exam"\nkey = "a key for spring"\n')
    result = _run(image, stick, "--wireless", file)
    assert "written and read back" in result.output
    assert "a key for spring" in _file_on(stick, "wireless.toml")
    assert "spring" not in result.output.replace(str(tmp_path), "")


@pytest.mark.parametrize("keyboard", ["", "DE", "de-nodeadkeys", "de, us", "de,us,fr,se,no"])
def test_keyboard_that_is_none_stops_everything(image: Path, tmp_path: Path, keyboard: str) -> None:
    """The image would pass over it, and the keys would be others than those that are printed."""
    stick = _stick(tmp_path / "stick")
    result = _run(image, stick, "--keyboard", keyboard)
    assert (2, bytes(40 * MIB)) == (result.exit_code, stick.read_bytes())
    assert "in small letters" in result.output


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        (Speeds(20, 90, 8), set()),
        (Speeds(20, 90, 180), {"box"}),
        (Speeds(20, 90, 900), {"box", "mirror"}),
        (Speeds(4, 90, 8), {"box", "mirror"}),
        (Speeds(20, 20, 8), {"box", "client"}),
    ],
)
def test_slow_stick_is_told_apart_by_use(speeds: Speeds, expected: set[str]) -> None:
    """What is too slow to run a box from may still be a fine mirror."""
    assert expected == set(too_slow_for(speeds))
