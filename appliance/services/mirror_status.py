"""What the mirror, a process of its own, says of its sticks in DATA/sync/mirror.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT_AFTER_MS = 60_000
"""A mirror that said nothing for so long does not run, or hangs at a stick that does not answer."""


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """One stick that is in.  `mirrored_seq` is about the open room's journal."""

    stick: str
    state: str
    error_key: str | None
    mirrored_seq: int
    files_missing: int
    damaged_count: int
    verified_at_ms: int

    def state_at(self, now_ms: int) -> str:
        """Return "following", "full", "failing", or "silent" when the mirror itself is."""
        if self.state == "following" and now_ms - self.verified_at_ms > SILENT_AFTER_MS:
            return "silent"
        return self.state


def read_mirrors(data_dir: Path, journal_id: str | None) -> tuple[MirrorStatus, ...]:
    """Return the sticks that are in; none while there is no mirror or its file is no good."""
    try:
        sticks = json.loads((data_dir / "sync" / "mirror.json").read_bytes())["sticks"]
        return tuple(_status(one, journal_id) for one in sticks)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _status(stick: dict[str, Any], journal_id: str | None) -> MirrorStatus:
    return MirrorStatus(
        stick=str(stick["stick"]),
        state=str(stick["state"]),
        error_key=stick["error_key"],
        mirrored_seq=int(stick["journals"].get(journal_id, 0)),
        files_missing=int(stick["files_missing"]),
        damaged_count=int(stick["damaged_count"]),
        verified_at_ms=int(stick["verified_at_ms"]),
    )
