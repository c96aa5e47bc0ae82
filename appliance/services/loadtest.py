"""The load test of this box as its page shows it: starting it beside, and what it last said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.domain.errors import RefusedError
from appliance.platform.files import write_durably
from appliance.platform.one_at_a_time import held
from appliance.services.box import Box
from appliance.settings import Settings

STATUS = "loadtest.json"
LOCK = "loadtest.lock"


class LoadtestRefusedError(RefusedError):
    """A room is open here or on the box that this one follows."""

    key = "loadtest_refused"
    staff_message = (
        "The load test does not run while a room is open, here or on the box this one follows, or "
        "while another one runs. Start it when the room is closed."
    )


@dataclass(frozen=True, slots=True)
class LoadtestView:
    """What the last load test said.  `state` is "none", "running", "passed" or "failed"."""

    state: str = "none"
    at_ms: int = 0
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        """Return what failed, by key."""
        return [str(one) for one in self.figures.get("failed", [])]


def candidates_planned(box: Box) -> int:
    """Return how many candidates the largest planned sitting has, 0 when nothing is planned."""
    return max((len(one.sitting["candidates"]) for one in box.store.roster_sittings()), default=0)


def start_loadtest(box: Box) -> None:
    """Start the test as a process of its own; raises LoadtestRefusedError."""
    with held(box.settings.data_dir / LOCK) as is_free:
        if box.room_is_near or not is_free:
            raise LoadtestRefusedError
    config = box.settings.data_dir / "loadtest.toml"
    values = box.settings.model_dump(mode="json")
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    write_durably(config, lines.encode())
    command = [sys.executable, "-m", "appliance.cli", "doctor", "loadtest", "--config", str(config)]
    # It outlives this request and says in its status file how it went.
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ,
    )


def show_loadtest(settings: Settings) -> LoadtestView:
    """Return what the last load test said; one that was cut off in the middle said nothing."""
    view = read_loadtest(settings.data_dir)
    if view.state == "running":
        with held(settings.data_dir / LOCK) as is_free:
            if is_free:
                return LoadtestView()
    return view


def note_loadtest(settings: Settings, view: LoadtestView) -> None:
    """Say how the test stands."""
    value = {"state": view.state, "at_ms": view.at_ms, "figures": view.figures}
    write_durably(settings.data_dir / STATUS, json.dumps(value).encode())


def read_loadtest(data_dir: Path) -> LoadtestView:
    """Return what the status file says; nothing where there is none or it is no good."""
    try:
        value = json.loads((data_dir / STATUS).read_bytes())
        return LoadtestView(str(value["state"]), int(value["at_ms"]), dict(value["figures"]))
    except (OSError, ValueError, KeyError, TypeError):
        return LoadtestView()
