"""A plan of a site: its rooms and how many boxes each has; and the `RoomConfig` of every box.

The first box of a room leads, the others follow it as standbys.
"""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.domain.errors import InvalidInputError
from provisioning.room_setup.room_config import HostName, OtherBox, RoomConfig, RoomNetwork

PLAN_MAX_BYTES = 256 * 1024
ROOMS_MAX = 500
STANDBY_LETTERS = "bcde"


class PlanUnfitError(InvalidInputError):
    """The plan of the rooms cannot be used."""

    key = "plan_unfit"
    staff_message = "The plan {path} cannot be used: {problem}. Nothing was made."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedRoom(_Part):
    """One room of the plan."""

    room: str = Field(min_length=1, max_length=60)
    host: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$")
    standbys: int = Field(default=1, ge=0, le=len(STANDBY_LETTERS))
    network: Literal["own", "school"] = "own"
    address: ipaddress.IPv4Interface = ipaddress.IPv4Interface("10.77.0.1/22")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.address.network.prefixlen > 26:
            raise ValueError(f"the network {self.address.network} is too small: take /26 at least")
        return self


class SitePlan(_Part):
    """What a technician writes once for all rooms of a site."""

    domain: HostName
    centre: str = ""
    time_servers: tuple[HostName, ...] = ()
    rooms: tuple[PlannedRoom, ...] = Field(min_length=1, max_length=ROOMS_MAX)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        hosts = [host for room in self.rooms for host in _hosts(room)]
        twice = sorted({host for host in hosts if hosts.count(host) > 1})
        if twice:
            raise ValueError(f"two boxes would be called {twice[0]}")
        return self


@dataclass(frozen=True, slots=True)
class PlannedBox:
    """One box: the name of its folder, and what its room.toml says."""

    folder: str
    config: RoomConfig


def read_plan(path: Path) -> SitePlan:
    """Read a plan; raises PlanUnfitError with what is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(PLAN_MAX_BYTES + 1)
        if len(data) > PLAN_MAX_BYTES:
            raise PlanUnfitError(path=str(path), problem="it is larger than 256 KiB")
        return SitePlan.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise PlanUnfitError(path=str(path), problem=str(problem)) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else first["msg"]
        raise PlanUnfitError(path=str(path), problem=said) from problem


def boxes_of(plan: SitePlan) -> list[PlannedBox]:
    """Return every box of the plan.  Raises PlanUnfitError for what no box would take."""
    try:
        return [box for room in plan.rooms for box in _boxes(plan, room)]
    except ValidationError as problem:
        raise PlanUnfitError(path="", problem=problem.errors()[0]["msg"]) from problem


def _hosts(room: PlannedRoom) -> list[str]:
    return [room.host, *(f"{room.host}-{letter}" for letter in STANDBY_LETTERS[: room.standbys])]


def _boxes(plan: SitePlan, room: PlannedRoom) -> list[PlannedBox]:
    hosts = _hosts(room)
    everyone = [
        OtherBox(name=f"{host}.{plan.domain}", address=room.address.ip + number)
        for number, host in enumerate(hosts)
    ]
    leader = everyone[0].name
    return [
        PlannedBox(
            hosts[number],
            RoomConfig(
                room=room.room,
                name=own.name,
                centre=plan.centre,
                standby_of="" if number == 0 else f"https://{leader}",
                time_servers=plan.time_servers,
                network=_network(room, number, len(hosts)),
                other_boxes=tuple(one for one in everyone if one != own)
                if room.network == "own"
                else (),
            ),
        )
        for number, own in enumerate(everyone)
    ]


def _network(room: PlannedRoom, number: int, count: int) -> RoomNetwork:
    """Return the network as one box sees it: each has an equal share of the clients' addresses.

    Clients have the middle half of the network.  Every box gives addresses, so that the room has
    them when one is dead, and no two give the same.
    """
    if room.network == "school":
        return RoomNetwork(kind="school")
    size = room.address.network.num_addresses
    share = size // 2 // count
    first = room.address.network.network_address + size // 4 + share * number
    return RoomNetwork(
        kind="own",
        address=ipaddress.IPv4Interface(
            f"{room.address.ip + number}/{room.address.network.prefixlen}"
        ),
        first_client=first + 1,
        last_client=first + share - 2,
    )
