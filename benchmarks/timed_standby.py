"""A standby that notes when each run of entries is durable in its copy, to measure how late it is.

`python -m benchmarks.timed_standby COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path.
EXAMROOM_COPY_NOTES names the file: a line for each run, `[durable at, newest seq, [saved at]]`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.cli import main
from appliance.domain.journal import Entry
from appliance.storage.followed_journal import FollowedJournal

NOTES = "EXAMROOM_COPY_NOTES"
TIMED_STANDBY = (sys.executable, "-m", "benchmarks.timed_standby")


@dataclass(frozen=True, slots=True)
class Noted:
    """One run that became durable: when, up to which entry, and when its saves were decided (ms).

    Both boxes share this machine's clock.
    """

    durable_at_ms: int
    newest_seq: int
    saved_at_ms: tuple[int, ...]


def read_notes(path: Path) -> list[Noted]:
    """Return what a standby has noted so far."""
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [Noted(at, seq, tuple(saved)) for at, seq, saved in map(json.loads, lines)]


def _note_every_run() -> None:
    append = FollowedJournal.append
    notes = Path(os.environ[NOTES]).open("a", encoding="ascii", buffering=1)  # noqa: SIM115

    def append_and_note(self: FollowedJournal, entries: Sequence[Entry]) -> None:
        append(self, entries)
        durable_at_ms = time.time_ns() // 1_000_000
        saved = [one.at_ms for one in entries if one.kind == "response_saved"]
        notes.write(json.dumps([durable_at_ms, entries[-1].seq, saved]) + "\n")

    FollowedJournal.append = append_and_note  # type: ignore[method-assign]


if __name__ == "__main__":
    _note_every_run()
    sys.argv = sys.argv[1:]
    main()
