"""The box with one commit for every command: the same code, groups of one.

`python -m benchmarks.one_commit_each COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path.
"""

from __future__ import annotations

import sys

from appliance.cli import main
from appliance.storage import journal_writer

if __name__ == "__main__":
    journal_writer.GROUP_MAX = 1
    sys.argv = sys.argv[1:]
    main()
