"""Making the room's wireless network known to iwd, which joins it and stays with it.

One file for each network: iwd.network(5).  iwd looks at its folder when it starts, and whenever
something in it changes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from appliance.formats.wireless_settings import WirelessSettings

PLAIN_NAME = re.compile(r"[A-Za-z0-9_ -]+")


def file_name(settings: WirelessSettings) -> str:
    """Return the name under which iwd looks for a network: its own, or in hexadecimal digits."""
    name = settings.name
    return f"{name if PLAIN_NAME.fullmatch(name) else f'={name.encode().hex()}'}.psk"


def file_text(settings: WirelessSettings) -> str:
    """Return what iwd has to know; a backslash and a space have meanings of their own there."""
    key = settings.key.replace("\\", "\\\\").replace(" ", "\\s")
    return f"[Security]\nPassphrase={key}\n"


def make_known(settings: WirelessSettings, folder: Path) -> None:
    """Write it where only root reads it."""
    path = folder / file_name(settings)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(file_text(settings))
