"""The exam server with parts that get stuck while a file lies there.

`python -m tests.rig.stuck_box COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path and
EXAMROOM_TEST_STUCK the folder of the files `writer`, `page`, `follower` and `lookout`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from appliance.cli import main
from appliance.services.lookout import Lookout
from appliance.storage import journal_writer
from appliance.web.candidate import pages
from sync.standby.follower import RoomFollower

STUCK = Path(os.environ["EXAMROOM_TEST_STUCK"])


def get_stuck(owner: Any, name: str, part: str) -> None:
    """Let `owner.name` wait while the file `part` is there."""
    inner = getattr(owner, name)

    def wait_first(*given: Any, **named: Any) -> Any:
        while (STUCK / part).exists():
            time.sleep(0.05)
        return inner(*given, **named)

    wait_first.__dict__.update(inner.__dict__)
    setattr(owner, name, wait_first)


def get_lost(owner: Any, name: str, part: str) -> None:
    """Let `owner.name` fail as a programmer's error does once the file `part` is there."""
    inner = getattr(owner, name)

    def fail_then(*given: Any, **named: Any) -> Any:
        if (STUCK / part).exists():
            raise RuntimeError(part)
        return inner(*given, **named)

    setattr(owner, name, fail_then)


if __name__ == "__main__":
    get_stuck(journal_writer.JournalWriter, "_commit", "writer")
    get_stuck(pages, "health", "page")
    get_lost(RoomFollower, "take_turn", "follower")
    get_lost(Lookout, "look", "lookout")
    sys.argv = sys.argv[1:]
    main()
