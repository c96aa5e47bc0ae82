"""The exam server with other settings of its databases than the product allows.

`python -m tests.rig.altered_box COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path and
EXAMROOM_TEST_PRAGMAS says what is done to every connection that writes.  It is how a test shows
that it would notice, and how the log is folded back many times in seconds.
"""

from __future__ import annotations

import os
import sys

import sqlcipher3.dbapi2 as driver

from appliance.cli import main
from appliance.storage import database


def alter(pragmas: str) -> None:
    """Let every connection that writes carry out `pragmas` once it is settled."""
    settle = database._settle

    def settle_otherwise(connection: driver.Connection, *, read_only: bool) -> None:
        settle(connection, read_only=read_only)
        if not read_only:
            connection.executescript(pragmas)

    database._settle = settle_otherwise


if __name__ == "__main__":
    alter(os.environ["EXAMROOM_TEST_PRAGMAS"])
    sys.argv = sys.argv[1:]
    main()
