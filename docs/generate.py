"""The pages of docs/ that are made from the code: `make docs` writes them, tests/docs compares.

    python -m docs.generate

Each page is made by one function that returns its text, so that a test can compare it with the
file without writing anything.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import click
from pydantic import BaseModel
from sqlite_utils import Database, Migrations

from appliance.cli import main as examroom
from appliance.composition import make_box
from appliance.domain.errors import ExamroomError
from appliance.domain.states import (
    ATTEMPT_MOVES,
    SITTING_MOVES,
    AttemptState,
    SittingState,
)
from appliance.formats.kiosk_settings import KioskSettings
from appliance.settings import Settings
from appliance.storage.attachments import attachment_migrations
from appliance.storage.box_schema import box_migrations
from appliance.storage.journal_schema import journal_migrations
from appliance.web.access import who_may_call
from appliance.web.candidate.app import create_candidate_app
from appliance.web.errors import status_of
from appliance.web.staff.app import create_staff_app
from docs.error_advice import ADVICE
from kiosk_client.cli import main as examroom_kiosk
from provisioning.cli import main as examroom_provision
from sync.agent.stages import SYNC_MOVES, SyncStage, SyncStatus
from sync.central.cli import commands as examroom_central
from sync.cli import commands as examroom_sync

DOCS = Path(__file__).parent
PACKAGES = ("appliance", "sync", "provisioning", "kiosk_client")
MADE = "This page is made from the code by `make docs`; do not edit it by hand."

STATES: Mapping[StrEnum, str] = {
    SittingState.PLANNED: "The centre planned it for this room; its exam package is not here yet.",
    SittingState.LOADED: "The package is here and intact, and nobody in the room can read it.",
    SittingState.RELEASED: "Opened by code, shares or token; no candidate sees it yet.",
    SittingState.RUNNING: "Candidates write and their clocks count.",
    SittingState.PAUSED: "All clocks of the sitting stand; candidates see why.",
    SittingState.ENDED: "Everybody is handed in; late work is still taken in for a decision.",
    SittingState.SEALED: "The room session is closed and signed; nothing is added any more.",
    AttemptState.EXPECTED: "On the roster, or admitted as a walk-in, and not checked in.",
    AttemptState.ADMITTED: "The person was seen and a seat noted; the clock has not started.",
    AttemptState.WRITING: "The candidate writes; the clock counts while the sitting runs.",
    AttemptState.SUSPENDED: "This candidate's own clock stands.",
    AttemptState.SUBMITTED: "Handed in, by the candidate, by time or with the end of the sitting.",
    AttemptState.CLOSED: "Closed with the room.",
    AttemptState.ABSENT: "Did not come.",
    AttemptState.ON_PAPER: "Goes on with pen and paper; what was written on screen is kept.",
    SyncStage.READING: "Looks for entries the centre has not acknowledged.",
    SyncStage.SEALING: "Packs, seals and signs them as a bundle.",
    SyncStage.SENDING: "Sends the bundle.",
    SyncStage.CONFIRMING: "Checks the receipt against the box's own entries.",
    SyncStatus.STARTED: "At work.",
    SyncStatus.WAITING: "Tries again by itself after a while.",
    SyncStatus.COMPLETED: "Done; there is nothing more to do here.",
    SyncStatus.STOPPED: "A person has to look.",
}
"""What each state means."""

State = TypeVar("State", bound=StrEnum)


def settings_page() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings of the box",
        "",
        MADE,
        "",
        "Settings come from one TOML file (`examroom serve --config FILE`); options on the command "
        "line win over it.",
        "A name that is not listed here stops the start with a sentence, because a misspelt "
        "setting would otherwise be a silent default.",
        "Secrets are never in this file.",
        "`examroom config` prints what is in force and whether it was given.",
        "",
        "| setting | default | bounds | what it is for |",
        "|---|---|---|---|",
    ]
    return _text([*lines, *_settings(Settings)])


def kiosk_settings_page() -> str:
    """Return docs/kiosk-settings.md."""
    lines = [
        "# Settings of the kiosk program",
        "",
        MADE,
        "",
        "Both halves of the kiosk read one TOML file, `/etc/examroom-kiosk.toml` unless "
        "`--config` names another ([operating/clients.md](operating/clients.md)).",
        "A name that is not listed here stops the start with a sentence.",
        "No secret is in this file.",
        "",
        "| setting | default | bounds | what it is for |",
        "|---|---|---|---|",
    ]
    return _text([*lines, *_settings(KioskSettings)])


def _settings(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        default = "none, must be given" if field.is_required() else f"`{_default(field.default)}`"
        bounds = ", ".join(filter(None, (_bound(one) for one in field.metadata))) or "–"
        yield f"| `{name}` | {default} | {bounds} | {field.description} |"


def _default(value: object) -> str:
    return f"'{value}'" if isinstance(value, Path) else repr(value)


def _bound(limit: object) -> str:
    words = {
        "ge": "at least {}",
        "le": "at most {}",
        "min_length": "at least {} characters",
        "max_length": "at most {} characters",
    }
    said = [
        text.format(getattr(limit, name)) for name, text in words.items() if hasattr(limit, name)
    ]
    return " and ".join(said)


def error_classes() -> list[type[ExamroomError]]:
    """Return every class of operating error that has a key, by importing all modules."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, f"{package}."):
            importlib.import_module(found.name)
    return sorted(
        (one for one in _below(ExamroomError) if one.key and one.__module__.startswith(PACKAGES)),
        key=lambda one: (one.key, one.__qualname__),
    )


def _below(kind: type[ExamroomError]) -> Iterator[type[ExamroomError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def family_of(error: type[ExamroomError]) -> str:
    """Return the name of the family an error belongs to, the class right below the root."""
    return error.__mro__[error.__mro__.index(ExamroomError) - 1].__name__


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        MADE,
        "",
        "Each operating error has a key that does not change, a sentence for the person who meets "
        "it, and something that person does.",
        "Where a candidate can meet it there is a second, calmer sentence.",
        "The status is the one an HTTP answer of the box carries; an error without an address "
        "never becomes one.",
        "",
        "| key | family | status | who meets it | what it says | what the person does |",
        "|---|---|---|---|---|---|",
    ]
    for error in error_classes():
        who, does = ADVICE[error.key]
        says = error.staff_message
        if error.candidate_message is not None:
            says = f"{says} To a candidate: “{error.candidate_message}”"
        family = family_of(error).removesuffix("Error")
        lines.append(
            f"| `{error.key}` | {family} | {status_of(error())} | {who} | {says} | {does} |"
        )
    return _text(lines)


def states_page() -> str:
    """Return docs/states.md."""
    lines = [
        "# States",
        "",
        MADE,
        "",
        "A move that no arrow shows is refused with a sentence.",
        "The tables are data in `appliance/domain/states.py` and `sync/agent/stages.py`, so that "
        "the code and these drawings cannot differ.",
        "",
        "## A sitting: one exam in one room session",
        "",
        *_diagram(SITTING_MOVES, SittingState.PLANNED),
        "",
        *_meanings(SittingState),
        "",
        "## An attempt: one candidate's go at one exam",
        "",
        *_diagram(ATTEMPT_MOVES, AttemptState.EXPECTED),
        "",
        *_meanings(AttemptState),
        "",
        "Going back to writing after hand-in, or from paper, needs a chief invigilator, the PIN "
        "and a reason.",
        "It is impossible once the sitting has ended.",
        "",
        "## The sync of one journal",
        "",
        "A stage and how it stands; both are kept on disk, so that a power cut goes on where it "
        "was.",
        "",
        *_sync_diagram(),
        "",
        *_meanings(SyncStage),
        "",
        *_meanings(SyncStatus),
    ]
    return _text(lines)


def _diagram(moves: Mapping[State, frozenset[State]], first: State) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}"]
    for state, targets in moves.items():
        lines += [f"    {state.value} --> {target.value}" for target in sorted(targets)]
    return [*lines, "```"]


def _sync_diagram() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2"]
    for (stage, status), targets in SYNC_MOVES.items():
        lines += [
            f"    {stage.value}_{status.value} --> {wanted.value}_{at.value}"
            for wanted, at in sorted(targets)
            if (stage, status) != (wanted, at) and _reachable(stage, status)
        ]
    return [*lines, "```"]


def _reachable(stage: SyncStage, status: SyncStatus) -> bool:
    point = (stage, status)
    return any(point in targets for before, targets in SYNC_MOVES.items() if before != point)


def _meanings(states: type[StrEnum]) -> list[str]:
    rows = [f"| `{state.value}` | {STATES[state]} |" for state in states]
    return ["| state | meaning |", "|---|---|", *rows]


def schema_page() -> str:
    """Return docs/schema.sql."""
    lines = [f"-- {MADE}"]
    for title, migrations in (
        ("The journal of one room session: DATA/journals/ID.db", journal_migrations),
        ("Files candidates upload: DATA/journals/ID.attachments.db", attachment_migrations),
        ("What a box knows between room sessions: DATA/box.db", box_migrations),
    ):
        lines += ["", f"-- {title}", "", *_statements(migrations)]
    return _text(lines)


def _statements(migrations: Migrations) -> list[str]:
    database = Database(memory=True)
    migrations.apply(database)
    rows = database.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '\\_sqlite%' "
        "ESCAPE '\\' ORDER BY rowid"
    ).fetchall()
    return [f"{row[0]};" for row in rows]


def addresses_page() -> str:
    """Return docs/addresses.md."""
    lines = [
        "# Addresses",
        "",
        MADE,
        "",
        "A view that does not say who may call it never runs; a test calls each of these without "
        "a cookie.",
        "Candidates and staff have an application, a port and a cookie each, so that a fault in "
        "one opens nothing in the other.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        box = make_box(Settings(data_dir=Path(folder), announce=False))
        try:
            for title, app in (
                ("Candidates' application", create_candidate_app(box)),
                ("Staff application", create_staff_app(box, form_key=bytes(32))),
            ):
                lines += ["", f"## {title}", "", *_addresses(app.url_map.iter_rules(), app)]
        finally:
            box.store.close()
    return _text(lines)


def _addresses(rules: Iterator[object], app: object) -> list[str]:
    views = app.view_functions  # type: ignore[attr-defined]
    rows = []
    for rule in rules:
        methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))  # type: ignore[attr-defined]
        view = views[rule.endpoint]  # type: ignore[attr-defined]
        what = (view.__doc__ or "").strip().splitlines()
        shown = "A file of the page." if rule.endpoint == "static" else what[0]  # type: ignore[attr-defined]
        address = rule.rule.replace("<path:", "<")  # type: ignore[attr-defined]
        rows.append(f"| `{address}` | {methods} | {who_may_call(view)} | {shown} |")
    return [
        "| address | method | who may call it | what it does |",
        "|---|---|---|---|",
        *sorted(rows),
    ]


def commands_page() -> str:
    """Return docs/commands.md."""
    lines = ["# Commands", "", MADE]
    for name, command in (
        ("examroom", examroom),
        ("examroom-sync", examroom_sync),
        ("examroom-central", examroom_central),
        ("examroom-provision", examroom_provision),
        ("examroom-kiosk", examroom_kiosk),
    ):
        lines += ["", f"## {name}", "", command.help or ""]
        for inner, path in _commands(command):
            lines += ["", *_command(name, path, inner)]
    return _text(lines)


def _commands(group: click.Group, above: str = "") -> Iterator[tuple[click.Command, str]]:
    """Yield every command with its name; those of a group below it."""
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        if command is None:
            continue
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above}{name} ")
        else:
            yield command, f"{above}{name}"


def _command(program: str, name: str, command: click.Command) -> list[str]:
    arguments = [
        one.make_metavar(click.Context(command)) for one in command.params if _is_bare(one)
    ]
    options = [one for one in command.params if isinstance(one, click.Option)]
    lines = [f"### `{' '.join((program, name, *arguments))}`", "", command.help or ""]
    if options:
        lines += ["", "| option | what it is for |", "|---|---|"]
    for option in options:
        names = " / ".join(f"`{one}`" for one in (*option.opts, *option.secondary_opts))
        must = " Must be given." if option.required else ""
        lines.append(f"| {names} | {option.help or '–'}{must} |")
    return lines


def _is_bare(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _text(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "addresses.md": addresses_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "kiosk-settings.md": kiosk_settings_page,
    "schema.sql": schema_page,
    "settings.md": settings_page,
    "states.md": states_page,
}
"""Every generated page, by its name in docs/."""


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
