"""What the box did with the last stick that was put in, as DATA/sync/stick.json says it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

BROKEN_OFF_AFTER_MS = 15 * 60_000
"""Even a stick full of results is through by then."""
_FILE = Path("sync") / "stick.json"


@dataclass(frozen=True, slots=True)
class StickReport:
    """A stick from being put in until it can be pulled.

    `took_count` is of files from the centre, `wrote_count` of files for it; `mirror` is the name of
    a stick that has become a mirror of this box.
    """

    at_ms: int
    is_done: bool = False
    took_count: int = 0
    wrote_count: int = 0
    refused_count: int = 0
    mirror: str = ""

    def was_broken_off(self, now_ms: int) -> bool:
        """Say whether the stick was pulled too early, or failed."""
        return not self.is_done and now_ms - self.at_ms > BROKEN_OFF_AFTER_MS

    def to_bytes(self) -> bytes:
        """Return what is written to the file."""
        return json.dumps(asdict(self)).encode()


def stick_report_path(data_dir: Path) -> Path:
    """Return where the report lies."""
    return data_dir / _FILE


def read_stick_report(data_dir: Path) -> StickReport | None:
    """Return the report; None while there was no stick, or its file is no good."""
    try:
        return StickReport(**json.loads(stick_report_path(data_dir).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
