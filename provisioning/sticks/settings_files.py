"""The files that a technician's stick brings along: written into the image's settings partition.

The partition is a vfat any computer can read, so nothing secret goes there: what the box or client
is (`room.toml`, `client.toml`, `keyboard.txt`), the root its clients trust and the centre's public
keys.  The key of a wireless network (`wireless.toml`) is as secret as the sticks that it is on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from appliance.domain.errors import ExamroomError, InvalidInputError
from appliance.formats.keys import IDENTITY_MAX_BYTES, PINNED_CENTRE_FILE, read_public_identity
from appliance.formats.kiosk_settings import read_kiosk_settings
from appliance.formats.room_certificate import PEM_MAX_BYTES, require_root
from appliance.formats.wireless_settings import WIRELESS_FILE, read_wireless_settings
from provisioning.room_setup.room_config import ROOM_FILE, ROOM_FILE_MAX_BYTES, read_room_file
from provisioning.sticks.image import SETTINGS_LABEL, Image

CLIENT_FILE = "client.toml"
AUTHORITY_FILE = "authority.pem"
KEYBOARD_FILE = "keyboard.txt"
KEYBOARD_LAYOUTS = re.compile(r"[a-z]{2,8}(,[a-z]{2,8}){0,3}")
"""Names as XKB has them; the image's `client-setup` passes over one that it does not know."""
CLIENT_DEFAULTS = {"authority": f"/run/examroom-settings/{AUTHORITY_FILE}"}
"""As the image's `client-setup` completes the file: the authority lies beside it on the stick."""
MCOPY_SECONDS = 60


class SettingsFileUnfitError(InvalidInputError):
    """A file for the stick is not what it should be."""

    key = "settings_file_unfit"
    staff_message = "{path} cannot go onto a stick: {problem}"


def read_settings_files(given: Mapping[str, Path]) -> dict[str, bytes]:
    """Return the bytes by name, each checked for what it should be.

    Raises SettingsFileUnfitError, which names the file and says what is wrong.
    """
    found = {}
    for name, path in given.items():
        found[name] = _read(path)
        try:
            _CHECKS[name](path, found[name])
        except SettingsFileUnfitError:
            raise
        except ExamroomError as problem:
            raise SettingsFileUnfitError(path=str(path), problem=str(problem)) from problem
    return found


def make_settings_partition(image: Image, files: Mapping[str, bytes], folder: Path) -> Path:
    """Return a copy of the image's settings partition with `files` in it, made below `folder`.

    The copy is written to the stick as part of the image, so it is read back like the rest of it.
    """
    place = image.partition(SETTINGS_LABEL)
    target = folder / "settings"
    with image.path.open("rb") as source, target.open("wb") as copy:
        source.seek(place.offset)
        copy.truncate(place.size)
        for offset in range(0, place.size, 2**20):
            data = source.read(min(2**20, place.size - offset))
            if any(data):
                copy.seek(offset)
                copy.write(data)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        _copy_in(target, folder / name)
    return target


def _copy_in(file_system: Path, path: Path) -> None:
    mcopy = shutil.which("mcopy")
    if mcopy is None:
        problem = "the program mcopy is missing. Install the package mtools"
        raise SettingsFileUnfitError(path=path.name, problem=str(problem))
    command = [mcopy, "-D", "o", "-i", str(file_system), str(path), f"::/{path.name}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=MCOPY_SECONDS, check=False
    )
    if done.returncode != 0:
        raise SettingsFileUnfitError(path=path.name, problem=done.stderr.strip() or "mcopy failed")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max(ROOM_FILE_MAX_BYTES, PEM_MAX_BYTES, IDENTITY_MAX_BYTES) + 1)
    except OSError as problem:
        raise SettingsFileUnfitError(path=str(path), problem=str(problem.strerror)) from problem
    if len(data) > ROOM_FILE_MAX_BYTES:
        raise SettingsFileUnfitError(path=str(path), problem="it is larger than 64 KiB")
    return data


def _require_room(path: Path, _data: bytes) -> None:
    read_room_file(path)


def _require_client(_path: Path, data: bytes) -> None:
    read_kiosk_settings(data, CLIENT_DEFAULTS)


def _require_wireless(_path: Path, data: bytes) -> None:
    read_wireless_settings(data)


def _require_authority(_path: Path, data: bytes) -> None:
    require_root(data)


def _require_centre(path: Path, data: bytes) -> None:
    if read_public_identity(data).kind != "centre":
        raise SettingsFileUnfitError(path=str(path), problem="it is not the keys of a centre")


_CHECKS = {
    ROOM_FILE: _require_room,
    CLIENT_FILE: _require_client,
    WIRELESS_FILE: _require_wireless,
    AUTHORITY_FILE: _require_authority,
    PINNED_CENTRE_FILE: _require_centre,
}
