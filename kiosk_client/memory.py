"""What the guard keeps between starts: the computer's name, the boxes it has trusted, its room."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk_client import readings
from kiosk_client.trust import Address

ORIGINS_MAX = 16
_FILE_NAME = "workstation.json"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_NAME_LETTERS = 16
_log = logging.getLogger(__name__)


class Memory(BaseModel):
    """One workstation.  `origins` are boxes the authority vouched for, the newest last.

    They stay allowed when a box is silent: a page that is open there must be able to load again.
    `room_box` is a box of the room that was chosen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workstation_id: Annotated[str, Field(pattern=r"^[0-9a-z]{8,32}$")]
    origins: Annotated[tuple[Address, ...], Field(max_length=ORIGINS_MAX)] = ()
    room_box: Address = ""

    def with_origins(self, trusted: set[str]) -> Memory:
        """Return the memory with more boxes in it; the oldest make place."""
        new = sorted(trusted - set(self.origins))
        return self.model_copy(update={"origins": (*self.origins, *new)[-ORIGINS_MAX:]})


def load_memory(folder: Path, root: Path = Path("/")) -> Memory:
    """Return what is kept; where nothing is, or nothing readable, only this computer's name."""
    try:
        return Memory.model_validate_json((folder / _FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return Memory(workstation_id=_name_of_computer(root))


def _name_of_computer(root: Path) -> str:
    """Return a name that is the same at the next start, when nothing could be kept.

    Not that of the system: images give many computers the same one.
    """
    address = readings.permanent_address(root)
    if not address:
        return "".join(secrets.choice(_LETTERS) for _ in range(_NAME_LETTERS))
    digest = hashlib.sha256(f"examroom workstation {address}".encode()).digest()
    return "".join(_LETTERS[one % len(_LETTERS)] for one in digest[:_NAME_LETTERS])


def keep_memory(folder: Path, memory: Memory) -> None:
    """Keep it.  Where that fails the computer goes on."""
    beside = folder / f"{_FILE_NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(memory.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / _FILE_NAME)
    except OSError as problem:
        _log.warning("not kept: %s", problem)
