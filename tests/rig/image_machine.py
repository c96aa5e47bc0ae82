"""Our commands as they are on a machine that was started from an image of ours.

`python -m tests.rig.image_machine COMMAND ARGUMENTS...`, where COMMAND is the path of `examroom` or
`examroom-sync`.  EXAMROOM_TEST_VERSION is the version that runs, EXAMROOM_TEST_STATE where the
program that installs keeps its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import appliance.cli
import sync.agent.updates
import sync.cli
from appliance.platform.system_image import SystemImage
from appliance.services import kept_update, look_after_update
from tests.rig.two_versions import IMAGE

COMMANDS = {"examroom": appliance.cli.main, "examroom-sync": sync.cli.main}


def _running() -> SystemImage:
    return SystemImage(IMAGE, os.environ["EXAMROOM_TEST_VERSION"])


if __name__ == "__main__":
    kept_update.STATUS_PATH = Path(os.environ["EXAMROOM_TEST_STATE"]) / "status.json"
    for module in (look_after_update, sync.cli, sync.agent.updates):
        module.running_image = _running  # type: ignore[attr-defined]
    sys.argv = sys.argv[1:]
    COMMANDS[Path(sys.argv[0]).name]()
