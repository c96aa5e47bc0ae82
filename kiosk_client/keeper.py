"""The line to the program that opens the encrypted place on this computer's own stick.

Only root may format, open and mount; the guard, which speaks with the network, may ask for it over
a socket that is its own.  One line each way; the other end is `keep-work` of the client's image.
An ordinary computer has no such program.
"""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KEEPER = Path("/run/examroom-keep-work.socket")
KEPT = Path("/var/lib/examroom-kept")
"""Where it mounts the place, with a folder for each half of the program in it."""
ANSWER_SECONDS = 240
"""A slow stick is given a partition and a file system in that time."""
ANSWER_BYTES_MAX = 256

_log = logging.getLogger(__name__)


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
        """Return the answer, empty where there was none.  The line may hold a key: not logged."""
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(ANSWER_SECONDS)
                asked.connect(str(self._path))
                asked.sendall(line.encode("ascii") + b"\n")
                asked.shutdown(socket.SHUT_WR)
                with asked.makefile("rb") as answer:
                    return answer.readline(ANSWER_BYTES_MAX).decode("ascii", "replace").strip()
        except OSError as problem:
            _log.warning("the place for unsent work does not answer: %s", problem)
            return ""
