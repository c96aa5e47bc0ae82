"""`examroom doctor`: try this box before the day, and look into it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import requests

from appliance.cli.room_check import room
from appliance.composition import box_for_a_command
from appliance.domain.errors import ExamroomError
from appliance.platform.logging import log_to_stderr
from appliance.rehearsal.drill import run_drill
from appliance.rehearsal.loadtest import (
    CANDIDATES_WHEN_NONE_PLANNED,
    SECONDS,
    rehearsing,
    run_loadtest,
)
from appliance.services.box import Box
from appliance.services.loadtest import (
    LoadtestView,
    candidates_planned,
    note_loadtest,
)
from appliance.services.verify_journals import verify_journals
from appliance.settings import load_settings
from appliance.web.staff.loadtest_words import figure_lines, remedy

VIEW_SECONDS = 2


@click.group()
def doctor() -> None:
    """Try this box before the day, and look into it afterwards."""
    log_to_stderr()


def _settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    path = click.Path(path_type=Path)
    for option in (
        click.option("--data", "data_dir", type=path, help="Data directory."),
        click.option("--config", type=path, help="Settings file (TOML)."),
    ):
        command = option(command)
    return command


@contextmanager
def _one_sentence(context: click.Context) -> Iterator[None]:
    """An operating error is one sentence and status 1."""
    try:
        yield
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        context.exit(1)


@doctor.command()
@_settings_options
@click.option(
    "--candidates",
    type=click.IntRange(1, 500),
    help="How many write; else as many as the largest planned sitting has.",
)
@click.option(
    "--seconds",
    type=click.IntRange(3, 600),
    default=SECONDS,
    show_default=True,
    help="For how long they write.",
)
@click.pass_context
def loadtest(
    context: click.Context,
    config: Path | None,
    data_dir: Path | None,
    candidates: int | None,
    seconds: int,
) -> None:
    """Play a full room against this box, and say whether it is fit for it, and why."""
    with _one_sentence(context):
        settings = load_settings(config, data_dir=data_dir)
        with box_for_a_command(settings) as box:
            failed = _play(box, candidates, seconds)
        if failed:
            context.exit(1)


def _play(box: Box, candidates: int | None, seconds: int) -> list[str]:
    settings = box.settings
    count = candidates or candidates_planned(box) or CANDIDATES_WHEN_NONE_PLANNED
    begun = LoadtestView("running", box.clock.wall_ms())
    figures = run_loadtest(
        settings,
        count,
        seconds,
        may_go_on=lambda: not _room_is_near(box),
        begun=lambda: note_loadtest(settings, begun),
    )
    state = "failed" if figures.failed else "passed"
    note_loadtest(settings, LoadtestView(state, box.clock.wall_ms(), figures.shown()))
    for line in figure_lines(figures.shown()):
        click.echo(line)
    for key in figures.failed:
        click.echo(f"FAILED {key}: {remedy(key)}")
    click.echo(state)
    return figures.failed


def _room_is_near(box: Box) -> bool:
    """Say whether a room is open on this box, or on the one that it follows."""
    if any(one.sealed_at_ms is None and one.role == "leading" for one in box.store.journals()):
        return True
    address = f"http://127.0.0.1:{box.settings.candidate_port}/api/v1/box"
    try:
        view = requests.get(address, timeout=VIEW_SECONDS).json()
    except (requests.RequestException, ValueError):
        return False  # It does not run now, so nobody follows anything through it.
    return bool(view.get("leads") or view.get("leader"))


@doctor.command()
@_settings_options
@click.option(
    "--stick",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Try this stick; without it a folder on the box's disk stands for one.",
)
@click.option(
    "--recovery-key",
    "recovery_key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Try the centre's recovery.key on this box's newest journal.",
)
@click.pass_context
def drill(
    context: click.Context,
    config: Path | None,
    data_dir: Path | None,
    stick: Path | None,
    recovery_key: Path | None,
) -> None:
    """Prove on a practice room that mirror stick, standby and recovery key really open."""
    failed = False
    with _one_sentence(context):
        settings = load_settings(config, data_dir=data_dir)
        with (
            box_for_a_command(settings) as box,
            rehearsing(settings, lambda: not _room_is_near(box)) as folder,
        ):
            for one in run_drill(settings, folder, stick=stick, recovery_key=recovery_key):
                state = {True: "passed", False: "FAILED", None: "skipped"}[one.passed]
                click.echo(f"{one.name}: {state}: {one.seen}. {one.remedy}".rstrip())
                failed = failed or one.passed is False
    if failed:
        context.exit(1)


@doctor.command()
@_settings_options
@click.option(
    "--rebuild",
    is_flag=True,
    help="Make what the pages show anew from the entries, for rooms that are closed.",
)
@click.pass_context
def verify(
    context: click.Context, config: Path | None, data_dir: Path | None, rebuild: bool
) -> None:
    """Check every page, the whole chain and every file of each journal on this box."""
    failed = False
    with (
        _one_sentence(context),
        box_for_a_command(load_settings(config, data_dir=data_dir)) as box,
    ):
        for one in verify_journals(box, rebuild=rebuild):
            click.echo(f"{one.journal_id} ({one.room}): {one.said}")
            failed = failed or not one.is_intact
    if failed:
        context.exit(1)


doctor.add_command(room)
