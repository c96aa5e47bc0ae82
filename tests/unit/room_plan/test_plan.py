"""A plan of a site becomes boxes that fit together."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.cli import main
from provisioning.room_plan.plan import PlanUnfitError, boxes_of, read_plan
from provisioning.room_plan.room_file import room_file
from provisioning.room_setup.room_config import RoomConfig, read_room_file

PLAN = """
domain = "exam.school.example"
centre = "https://centre.school.example"

[[rooms]]
room = "Room 12"
host = "room12"

[[rooms]]
room = "Aula \\"old\\""
host = "aula"
standbys = 2
address = "10.20.0.1/24"

[[rooms]]
room = "Library"
host = "library"
standbys = 0
network = "school"
"""


def _boxes(folder: Path, text: str = PLAN) -> dict[str, RoomConfig]:
    path = folder / "plan.toml"
    path.write_text(text)
    return {box.folder: box.config for box in boxes_of(read_plan(path))}


def test_every_room_has_its_boxes(tmp_path: Path) -> None:
    """The first leads, the others follow it by its name."""
    boxes = _boxes(tmp_path)
    assert ["room12", "room12-b", "aula", "aula-b", "aula-c", "library"] == list(boxes)
    assert ["", "https://aula.exam.school.example"] == [
        boxes[name].standby_of for name in ("aula", "aula-c")
    ]


def test_boxes_of_a_room_know_each_other(tmp_path: Path) -> None:
    """So that each can tell clients the name of another that is dead."""
    aula = _boxes(tmp_path)["aula-b"]
    assert {
        "aula.exam.school.example": "10.20.0.1",
        "aula-c.exam.school.example": "10.20.0.3",
    } == {one.name: str(one.address) for one in aula.other_boxes}


def test_no_two_boxes_of_a_room_give_the_same_address(tmp_path: Path) -> None:
    """Each gives addresses of its own, inside the network, and none of a box."""
    boxes = _boxes(tmp_path)
    aula = [boxes[name].network for name in ("aula", "aula-b", "aula-c")]
    given: list[ipaddress.IPv4Address] = [one.address.ip for one in aula]
    for network in aula:
        count = int(network.last_client) - int(network.first_client) + 1
        assert count > 30
        given += [network.first_client + number for number in range(count)]
    assert len(given) == len(set(given))
    assert all(one in ipaddress.ip_network("10.20.0.0/24") for one in given)


def test_room_without_a_standby_has_the_defaults_of_a_box(tmp_path: Path) -> None:
    """The plan and the box agree what a room of its own looks like."""
    plan = PLAN.replace('host = "room12"', 'host = "room12"\nstandbys = 0')
    network = _boxes(tmp_path, plan)["room12"].network
    assert RoomConfig().network.address == network.address
    assert RoomConfig().network.first_client == network.first_client
    assert RoomConfig().network.last_client == network.last_client


@pytest.mark.parametrize("name", ["room12-b", "aula", "library"])
def test_file_that_is_written_is_read_back_the_same(tmp_path: Path, name: str) -> None:
    """What make-rooms writes is what the box understands, quotation marks included."""
    config = _boxes(tmp_path)[name]
    path = tmp_path / "room.toml"
    path.write_text(room_file(config))
    assert config == read_room_file(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAN.replace('"aula"', '"room12"'), "two boxes would be called room12"),
        (PLAN.replace('"aula"', '"room12-b"'), "two boxes would be called room12-b"),
        (PLAN.replace("/24", "/29"), "too small"),
        (PLAN.replace("standbys = 2", "standbys = 9"), "rooms.1.standbys"),
        (PLAN.replace("host", "hots"), "rooms.0.host"),
        ("= 1", "plan.toml"),
    ],
)
def test_plan_that_cannot_work_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """Nothing is made of a plan with a mistake in it."""
    with pytest.raises(PlanUnfitError, match=said):
        _boxes(tmp_path, text)


def test_folder_of_a_box_is_never_changed_silently(tmp_path: Path) -> None:
    """Its stick may be in the box already."""
    plan, target = tmp_path / "plan.toml", tmp_path / "out"
    plan.write_text(PLAN)
    command = ["make-rooms", str(plan), str(target)]
    assert 0 == CliRunner().invoke(main, command).exit_code
    assert 0 == CliRunner().invoke(main, command).exit_code
    plan.write_text(PLAN.replace("Room 12", "Room 13"))
    again = CliRunner().invoke(main, command)
    assert (1, True) == (again.exit_code, "says something else than the plan" in again.output)
