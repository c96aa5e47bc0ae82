"""The exam server with parts that get stuck while a file lies there.

`python -m tests.rig.stuck_box COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path and
EXAMROOM_TEST_STUCK the folder of the files `writer` and `page`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from appliance.cli import main
from appliance.storage import journal_writer
from appliance.web.candidate import pages

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


if __name__ == "__main__":
    get_stuck(journal_writer.JournalWriter, "_commit", "writer")
    get_stuck(pages, "health", "page")
    sys.argv = sys.argv[1:]
    main()
