"""`examroom-provision write-sticks`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import PINNED_CENTRE_FILE
from appliance.formats.wireless_settings import WIRELESS_FILE
from provisioning.room_setup.room_config import ROOM_FILE
from provisioning.sticks.devices import require_fit
from provisioning.sticks.image import Image, read_image
from provisioning.sticks.many import STICKS_MAX, Outcome, Stick, write_sticks
from provisioning.sticks.settings_files import (
    AUTHORITY_FILE,
    CLIENT_FILE,
    KEYBOARD_FILE,
    KEYBOARD_LAYOUTS,
    read_settings_files,
)
from provisioning.sticks.speeds import too_slow_for
from provisioning.sticks.writing import Progress, StickWriter

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_DEVICE = click.Path(path_type=Path, dir_okay=False)


@click.command("write-sticks")
@click.argument("image_path", metavar="IMAGE", type=_FILE)
@click.argument("devices", metavar="DEVICE...", type=_DEVICE, nargs=-1, required=True)
@click.option(
    "--room",
    "rooms",
    multiple=True,
    type=_FILE,
    help="room.toml of a box: once for each device, in their order.",
)
@click.option("--client", type=_FILE, help="client.toml for sticks of clients.")
@click.option("--keyboard", metavar="LAYOUT", help="Layout of a client's keyboard: se, de, se,us.")
@click.option("--wireless", type=_FILE, help="wireless.toml: the room's network for clients.")
@click.option("--authority", type=_FILE, help="Root certificate that is trusted in the room.")
@click.option("--centre-keys", type=_FILE, help="The centre's public keys file, centre.json.")
@click.option(
    "--even-if-not-removable",
    "not_removable",
    multiple=True,
    type=_DEVICE,
    help="A built-in disk among the devices, named once more to be sure.",
)
@click.pass_context
def write_sticks_command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    context: click.Context,
    image_path: Path,
    devices: tuple[Path, ...],
    rooms: tuple[Path, ...],
    client: Path | None,
    keyboard: str | None,
    wireless: Path | None,
    authority: Path | None,
    centre_keys: Path | None,
    not_removable: tuple[Path, ...],
) -> None:
    """Write an image to many sticks at once, read each back, and say how fast it is.

    Everything that was on the devices is gone afterwards.
    """
    if len(set(devices)) != len(devices) or len(devices) > STICKS_MAX:
        raise click.UsageError(f"Name each device once, and {STICKS_MAX} at most.")
    if len(rooms) > 1 and len(rooms) != len(devices):
        raise click.UsageError("Give --room once for each device: two boxes are never the same.")
    if len(rooms) == 1 and len(devices) > 1:
        raise click.UsageError("One room.toml makes one box. Give --room once for each device.")
    if keyboard is not None and not KEYBOARD_LAYOUTS.fullmatch(keyboard):
        raise click.UsageError("--keyboard takes names of layouts in small letters: se, or se,us.")
    typed = {} if keyboard is None else {KEYBOARD_FILE: f"{keyboard}\n".encode("ascii")}
    shared = {
        CLIENT_FILE: client,
        WIRELESS_FILE: wireless,
        AUTHORITY_FILE: authority,
        PINNED_CENTRE_FILE: centre_keys,
    }
    common = {name: path for name, path in shared.items() if path is not None}
    try:
        sticks = [
            Stick(device, typed | read_settings_files(common | ({ROOM_FILE: room} if room else {})))
            for device, room in zip(devices, rooms or [None] * len(devices), strict=True)
        ]
        image = read_image(image_path)
        for stick in sticks:
            require_fit(stick.device, needed=image.size, not_removable=frozenset(not_removable))
        outcomes = write_sticks(image, sticks, writer=StickWriter(), show=_Shown().show)
    except ExamroomError as problem:
        raise click.ClickException(str(problem)) from problem
    told = [_tell(one, image) for one in outcomes]
    if not all(told):
        context.exit(1)


def _tell(outcome: Outcome, image: Image) -> bool:
    """Say what became of a stick; return whether it can be used for what is on it now."""
    if outcome.speeds is None:
        click.echo(f"FAILED {outcome.problem}")
        return False
    slow = too_slow_for(outcome.speeds)
    click.echo(f"{outcome.device}: {image.system} written and read back, {outcome.speeds.shown()}.")
    for use, reason in slow.items():
        click.echo(f"{outcome.device}: too slow for a {use}: {reason}.")
    use = "client" if "client" in image.system else "box"
    return use not in slow


class _Shown:
    """Progress on a terminal: a line a stick, written over; elsewhere a line for each change."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._said: dict[Path, tuple[str, int]] = {}
        self._lines = 0

    def show(self, sticks: Sequence[Progress]) -> None:
        """Show how far the sticks are."""
        if sys.stderr.isatty():
            self._over(sticks)
            return
        for one in sticks:
            now = (one.stage, one.percent // 25)
            if self._said.get(one.device) != now:
                self._said[one.device] = now
                click.echo(f"{one.device}: {one.stage} {one.percent} %", err=True)

    def _over(self, sticks: Sequence[Progress]) -> None:
        if self._lines:
            click.echo(f"\x1b[{self._lines}A", nl=False, err=True)
        width = shutil.get_terminal_size().columns - 1
        for one in sticks:
            bar = "█" * (one.percent // 5)
            line = f"{os.fspath(one.device):<16} {one.stage:<13} {one.percent:>3} % {bar}"
            click.echo(f"\x1b[K{line[:width]}", err=True)
        self._lines = len(sticks)
