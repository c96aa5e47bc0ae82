"""What a technician writes about a box and its room: one TOML file on the stick, `room.toml`.

It holds no secret, so it can lie where any laptop can write it.  What is not said has a default:
a box that serves a room of its own.
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.domain.errors import InvalidInputError

ROOM_FILE = "room.toml"
ROOM_FILE_MAX_BYTES = 64 * 1024
OTHER_BOXES_MAX = 8

HostName = Annotated[
    str,
    Field(max_length=200, pattern=r"^[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))+$"),
]
Interface = Annotated[str, Field(pattern=r"^$|^[a-zA-Z0-9_-]{1,15}$")]


class RoomFileUnfitError(InvalidInputError):
    """The file about the room cannot be used."""

    key = "room_file_unfit"
    staff_message = "The file room.toml cannot be used: {problem}. Mend it and start the box again."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OtherBox(_Part):
    """Another box of the same room, so that its name is known when that box is dead."""

    name: HostName
    address: ipaddress.IPv4Address


class RoomNetwork(_Part):
    """The network of the room as this box sees it."""

    kind: Literal["own", "school"] = Field(
        default="own",
        description="own: this box gives addresses, names and time; school: a network that does.",
    )
    interface: Interface = Field(
        default="", description="Port to the room; empty: the first wired one by name."
    )
    address: ipaddress.IPv4Interface = Field(
        default=ipaddress.IPv4Interface("10.77.0.1/22"),
        description="Address of this box and size of the room's network; own only.",
    )
    first_client: ipaddress.IPv4Address = Field(
        default=ipaddress.IPv4Address("10.77.1.1"), description="First address for clients."
    )
    last_client: ipaddress.IPv4Address = Field(
        default=ipaddress.IPv4Address("10.77.2.254"), description="Last address for clients."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        inside = self.address.network
        for one in (self.first_client, self.last_client):
            if self.kind == "own" and one not in inside:
                raise ValueError(f"{one} is not in the network {inside}")
        if self.first_client > self.last_client:
            raise ValueError("first_client comes after last_client")
        if self.kind == "own" and self.first_client <= self.address.ip <= self.last_client:
            raise ValueError("the address of the box is among those for clients")
        return self


class RoomConfig(_Part):
    """A box and its room."""

    room: str = Field(
        default="Exam room", min_length=1, max_length=60, description="Name of the room, shown."
    )
    name: HostName = Field(
        default="box.examroom.internal",
        description="Name of this box in the room; candidates open https://NAME.",
    )
    centre: str = Field(
        default="",
        pattern=r"^$|^https?://[A-Za-z0-9.:\[\]-]{1,180}$",
        description="Address of the centre; empty: results go by stick.",
    )
    standby_of: str = Field(
        default="",
        pattern=r"^$|^https://[A-Za-z0-9.:-]{1,180}$",
        description="Address of the box to follow as its standby; empty: this box leads.",
    )
    time_servers: tuple[HostName, ...] = Field(
        default=(), max_length=8, description="Where the box gets the time when there is a network."
    )
    network: RoomNetwork = RoomNetwork()
    other_boxes: tuple[OtherBox, ...] = Field(default=(), max_length=OTHER_BOXES_MAX)

    @property
    def staff_name(self) -> str:
        """Name under which staff open their pages: another host, so that cookies stay apart."""
        return f"staff.{self.name}"


def read_room_file(path: Path) -> RoomConfig:
    """Read the file; no file means the defaults.  Raises RoomFileUnfitError with what is wrong."""
    try:
        return RoomConfig.model_validate(_read(path))
    except FileNotFoundError:
        return RoomConfig()
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RoomFileUnfitError(problem=f"{where}: {first['msg']}") from problem


def safe_room(path: Path) -> RoomConfig:
    """Return what a box does whose room file cannot be used.

    It gives addresses only where the file itself still says that the network is the box's own:
    two givers of addresses in one network would take down the school.
    """
    try:
        network = _read(path).get("network")
    except (OSError, RoomFileUnfitError):
        network = None
    is_own = isinstance(network, dict) and network.get("kind") == "own"
    return RoomConfig(network=RoomNetwork(kind="own" if is_own else "school"))


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(ROOM_FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise RoomFileUnfitError(problem=str(problem.strerror)) from problem
    if len(data) > ROOM_FILE_MAX_BYTES:
        raise RoomFileUnfitError(problem="it is larger than 64 KiB")
    try:
        # A byte order mark and CRLF are what Windows' editor leaves.
        return tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise RoomFileUnfitError(problem=str(problem)) from problem
