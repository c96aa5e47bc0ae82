"""A keyboard, as the kiosk program reads one: a pipe with what the kernel would give out."""

from __future__ import annotations

import os
import struct
from pathlib import Path

_EVENT = struct.Struct("llHHi")
_ALT, _TAB = 56, 15


class Keyboard:
    """A keyboard below the root folder of a guard."""

    def __init__(self, root: Path) -> None:
        """Plug it in."""
        folder = root / "dev/input"
        folder.mkdir(parents=True)
        os.mkfifo(folder / "event0")
        # For reading, too: opened for writing alone it would wait for the kiosk.
        self._pipe = os.open(folder / "event0", os.O_RDWR)

    def leaves(self, times: int) -> None:
        """Press Alt and Tab together."""
        for _ in range(times):
            for code, value in ((_ALT, 1), (_TAB, 1), (_TAB, 0), (_ALT, 0)):
                os.write(self._pipe, _EVENT.pack(0, 0, 1, code, value))

    def close(self) -> None:
        """Pull it out."""
        os.close(self._pipe)
