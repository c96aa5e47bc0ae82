"""What the guard keeps between starts: the computer's name, the boxes it has trusted, its room."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk_client.trust import Address

ORIGINS_MAX = 16
_FILE_NAME = "workstation.json"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
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


def load_memory(folder: Path) -> Memory:
    """Return what is kept; a new name for this computer where nothing is, or nothing readable."""
    try:
        return Memory.model_validate_json((folder / _FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        # A name of its own, not that of the system: images give many computers the same one.
        return Memory(workstation_id="".join(secrets.choice(_LETTERS) for _ in range(16)))


def keep_memory(folder: Path, memory: Memory) -> None:
    """Keep it.  Where that fails the computer goes on, with a new name after its next start."""
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
