"""The running agent: a turn every second until it is told to stop."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler

from appliance.domain.errors import RefusedError
from appliance.formats.keys import load_or_create_box_identity, load_pinned_centre
from appliance.platform.clock import SystemClock
from appliance.platform.notifying import notify
from sync.agent.agent import AgentPaths, SyncAgent
from sync.agent.centre_client import CentreClient
from sync.agent.journal_source import BoxJournals
from sync.agent.pacing import Pace
from sync.agent.state import load_state

TURN_EVERY_SECONDS = 1
LATE_TURN_SECONDS = 30
BOX_NAME = "Box"


class BoxNotEnrolledError(RefusedError):
    """The agent was started before the box knows its centre."""

    key = "box_not_enrolled"
    staff_message = (
        "This box is not enrolled at a centre yet. Run `examroom-sync enrol`, by network with a "
        "code from the centre or with its public keys file."
    )


def build_agent(data_dir: Path, centre_url: str) -> SyncAgent:
    """Put the agent of a box together; raises BoxNotEnrolledError.

    Starting it is also how a person has stopped journals tried again.
    """
    paths = AgentPaths(data_dir)
    clock = SystemClock()
    box = load_or_create_box_identity(paths.keys, BOX_NAME)
    try:
        pinned = load_pinned_centre(paths.keys)
    except FileNotFoundError as problem:
        raise BoxNotEnrolledError from problem
    paths.make_folders()
    state = load_state(paths.state)
    state.try_stopped_again()
    return SyncAgent(
        paths=paths,
        source=BoxJournals(data_dir),
        centre=CentreClient(centre_url, box, clock),
        box=box,
        pinned=pinned,
        state=state,
        clock=clock,
        pace=Pace(jitter=lambda: secrets.randbelow(1000) / 1000),
    )


def run_agent(agent: SyncAgent) -> None:
    """Take turns until SIGTERM or SIGINT; the turn in progress is finished first."""
    run_turns(agent.take_turn, every_seconds=TURN_EVERY_SECONDS)


def run_turns(take_turn: Callable[[], None], *, every_seconds: int) -> None:
    """Call `take_turn` again and again until SIGTERM or SIGINT; a turn is always finished.

    systemd hears of every turn that came to its end: one that hangs is ended with the process.
    """
    scheduler = BlockingScheduler(timezone="UTC")

    def take_and_tell() -> None:
        take_turn()
        notify("WATCHDOG=1")

    scheduler.add_job(
        take_and_tell,
        "interval",
        seconds=every_seconds,
        max_instances=1,  # two turns at once would send or write the same entries twice
        coalesce=True,  # after a long turn one more is enough
        misfire_grace_time=LATE_TURN_SECONDS,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        notify("STOPPING=1")
        # From inside a signal handler: the main thread waits in the scheduler's event, which
        # `wait=True` would have to wait for in turn.
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    notify("READY=1")
    scheduler.start()
