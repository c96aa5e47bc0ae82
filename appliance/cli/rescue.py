"""`examroom rescue`: bring a room in from a mirror stick or from the disk of a dead box."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from appliance.composition import box_for_a_command
from appliance.domain.errors import ExamroomError, InvalidInputError, TransientError
from appliance.formats.keys import RecoveryKey, load_recovery_key_file
from appliance.formats.recovery import read_recovery_copy
from appliance.platform.files import make_folder
from appliance.platform.logging import log_to_stderr
from appliance.services.box import Box
from appliance.services.peers import all_peers
from appliance.services.rescue import (
    FoundRoom,
    NothingToRescueError,
    Rescued,
    RescueVerdict,
    rescue_room,
    rescuing,
)
from appliance.settings import Settings, load_settings
from appliance.storage.dead_disk import DeadRoom
from sync.removable_media.rescue import is_mirror, rooms_on

RECOVERY_COPY_MAX_BYTES = 4096
JOURNALS_MAX = 1_000

_SAID = {
    RescueVerdict.NEW: "is here now",
    RescueVerdict.NEWER: "was here, and goes further now",
    RescueVerdict.SAME: "is here already, just as far",
    RescueVerdict.OLDER: "is here already, and goes further than what was offered",
}
_REFUSED = {
    RescueVerdict.CONFLICT: (
        "Room {room}: this box has another record of it than the one offered. Nothing was changed "
        "here. Go on with one of the two only, and bring both to the centre."
    ),
    RescueVerdict.OWN: (
        "Room {room}: this box has led it itself, and its own record is never touched. Nothing "
        "was changed. Bring what you have to the centre."
    ),
    RescueVerdict.EMPTY: "Journal {journal}: nothing of it could be read.",
}


class RescueInterruptedError(TransientError):
    """Reading or writing stopped half-way."""

    key = "rescue_interrupted"
    staff_message = (
        "The stick or the disk stopped answering, or this box's own disk is full. What was brought "
        "in until then stays. Look at both, and run the command again."
    )


class RecoveryKeyMissingError(InvalidInputError):
    """The disk of a dead box was given without the key that opens it."""

    key = "recovery_key_missing"
    staff_message = (
        "The disk of a dead box opens with the centre's recovery key only. Ask the centre for the "
        "file recovery.key, and give it with --recovery-key."
    )


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Data directory.")
@click.option(
    "--recovery-key",
    "recovery_key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The centre's recovery.key; needed for the disk of a dead box, not for a stick.",
)
@click.pass_context
def rescue(
    context: click.Context,
    place: Path,
    config: Path | None,
    data_dir: Path | None,
    recovery_key: Path | None,
) -> None:
    """Bring a room in from a mirror stick, or from the disk of a dead box, mounted at PLACE.

    Nothing is written there, and nothing that this box has is overwritten.
    """
    log_to_stderr()
    try:
        results = _rescue(place, load_settings(config, data_dir=data_dir), recovery_key)
    except ExamroomError as problem:
        click.echo(str(problem), err=True)
        context.exit(1)
    for one in results:
        for line in told(one):
            click.echo(line)
    if not any(one.verdict.is_here for one in results):
        context.exit(1)


def _rescue(place: Path, settings: Settings, recovery_key: Path | None) -> list[Rescued]:
    try:
        recovery = load_recovery_key_file(recovery_key) if recovery_key else None
        with (
            box_for_a_command(settings) as box,
            rescuing(box),
            found_rooms(box, place, recovery) as rooms,
        ):
            return [rescue_room(box, one) for one in rooms]
    except OSError as problem:
        raise RescueInterruptedError from problem


@contextmanager
def found_rooms(
    box: Box, place: Path, recovery: RecoveryKey | None
) -> Iterator[Iterator[FoundRoom]]:
    """Give the rooms of a stick or of a dead disk, the one written to last at the end.

    Raises NothingToRescueError, RecoveryKeyMissingError and what reading the keys raises.
    """
    if is_mirror(place):
        yield iter(rooms_on(place, box=box.identity, writers=all_peers(box)))
        return
    copies = _recovery_copies(place)
    if not copies:
        raise NothingToRescueError(path=str(place))
    if recovery is None:
        raise RecoveryKeyMissingError
    scratch = box.settings.data_dir / "rescue"
    make_folder(scratch, mode=0o700)
    # On this box's own disk and encrypted as it was; gone when the rescue is over.
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield (_dead_room(copy, recovery, Path(folder)) for copy in copies)


def _recovery_copies(place: Path) -> list[Path]:
    folder = place / "journals" if (place / "journals").is_dir() else place
    found = [one for one in folder.glob("*.recovery") if one.with_suffix(".db").is_file()]
    return sorted(found, key=lambda one: one.with_suffix(".db").stat().st_mtime)[-JOURNALS_MAX:]


def _dead_room(copy: Path, recovery: RecoveryKey, folder: Path) -> DeadRoom:
    with copy.open("rb") as file:
        data = file.read(RECOVERY_COPY_MAX_BYTES)
    journal_id, key = read_recovery_copy(data, recovery=recovery)
    return DeadRoom(copy.with_suffix(".db"), key, journal_id, folder)


def told(one: Rescued) -> Iterator[str]:
    """Yield what a person has to know of one room."""
    if one.verdict in _REFUSED:
        yield _REFUSED[one.verdict].format(room=one.room, journal=one.journal_id)
        return
    if not one.until_ms:
        yield f"Room {one.room}: this box has led it itself and has all of what was offered."
        return
    yield (
        f"Room {one.room} {_SAID[one.verdict]}: as it was at {_clock(one.until_ms)}, "
        f"{one.candidates} candidates, {one.writing} writing, {one.head_seq} entries."
    )
    if one.cut_short:
        lost = f" of {one.promised_seq}" if one.promised_seq else ""
        yield (
            f"  What came after that is damaged there: {one.head_seq}{lost} entries were intact. "
            "Candidates' computers send again what they still have; keep stick and disk for the "
            "centre."
        )
    if one.files or one.files_lost:
        yield f"  {one.files} files of candidates are here, {one.files_lost} were damaged."
    if one.is_closed:
        yield "  That room was closed. There is nothing to take over; bring it to the centre."
        return
    for package_id, is_here in one.packages:
        if not is_here:
            yield f"  The exam package {package_id} is not on this box: bring it on a stick."
        elif package_id not in one.opens:
            yield f"  The exam {package_id} opens with its release code, after the take-over."
    yield "  Next: keep the dead box off, open Standby on this box's staff page, and take over."


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"
