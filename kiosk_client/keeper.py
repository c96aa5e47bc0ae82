"""The line to the program that opens the encrypted place on this computer's own stick.

Only root may format, open and mount; the other end is `keep-work` of the client's image.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kiosk_client.root_program import ask

KEEPER = Path("/run/examroom-keep-work.socket")
KEPT = Path("/var/lib/examroom-kept")
"""Where it mounts the place, with a folder for each half of the program in it."""
ANSWER_SECONDS = 240
"""A slow stick is given a partition and a file system in that time."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place on the stick; `volume_id` is what its key is made of.

    `none`: there cannot be one; `empty`: it holds nothing, and may be made; `closed`: it was kept
    by an earlier start; `open`: it is mounted.
    """

    state: Literal["none", "empty", "closed", "open"]
    volume_id: str = ""


class Keeper:
    """Asks that program; `mounted` is where the place is once it is open."""

    def __init__(self, path: Path = KEEPER, mounted: Path = KEPT) -> None:
        self._path = path
        self.mounted = mounted

    @property
    def is_there(self) -> bool:
        """Say whether this computer has such a program."""
        return self._path.exists()

    def place(self) -> Place | None:
        """Return what there is, None without an answer.

        The partition is made if there is room for it and none yet.
        """
        match self._ask("look").split():
            case ["empty", volume_id]:
                return Place("empty", volume_id)
            case ["closed", volume_id]:
                return Place("closed", volume_id)
            case ["open"]:
                return Place("open")
            case ["none"]:
                return Place("none")
        return None

    def make(self, volume_id: str, key: str) -> bool:
        """Make the empty place and open it; return whether it is open now."""
        return self._ask(f"make {volume_id} {key}") == "open"

    def open(self, key: str) -> bool:
        """Open what is kept; return whether the key did."""
        return self._ask(f"open {key}") == "open"

    def forget(self) -> bool:
        """Make what is kept unreadable for good; return whether that was done."""
        return self._ask("forget") == "forgotten"

    def _ask(self, line: str) -> str:
        return ask(self._path, line, seconds=ANSWER_SECONDS)
