"""Every setting of the kiosk program: one TOML file for both its halves, read once at the start.

Here, because whoever writes the sticks of a room checks it with the same eyes as the computers do.
No secret is in it: what it trusts is a certificate that everybody may see.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.errors import InvalidInputError


class KioskSettingsUnfitError(InvalidInputError):
    """The settings file cannot be used."""

    key = "kiosk_settings_unfit"
    staff_message = "The settings of this computer cannot be used: {problem}. Mend them."


class KioskSettings(BaseModel):
    """The settings of one workstation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    authority: Path = Field(
        description="Certificate (PEM) of the authority that signs the boxes; only it is trusted."
    )
    address: str = Field(
        default="",
        pattern=r"^$|^https://[^/\s@?#]+$",
        description="Address of the room's box; empty: boxes announce themselves.",
    )
    room: str = Field(
        default="",
        max_length=60,
        description="Name of the room, where several are in reach; empty: somebody chooses.",
    )
    browser: tuple[str, ...] = Field(
        default=("chromium",), min_length=1, description="The browser's command."
    )
    language: Literal["en", "sv"] = Field(
        default="en", description="Of this computer's own pages, and what the browser asks for."
    )
    screen_reader: bool = Field(
        default=False,
        description="Read the screen aloud with Orca, in the language of this computer.",
    )
    profile_dir: Path = Field(
        default=Path("/var/lib/examroom-kiosk/profile"),
        description="Where the browser keeps its things, unsent work among them.",
    )
    profile_kept: bool = Field(
        default=True,
        description="Keep the profile when the computer starts; otherwise it is emptied then.",
    )
    keep_unsent_work: bool = Field(
        default=True,
        description="On the client's image: keep unsent work, encrypted, on the stick itself.",
    )
    policies_dir: Path = Field(
        default=Path("/etc/chromium/policies/managed"),
        description="Where the browser looks for what it must allow and forbid.",
    )
    state_dir: Path = Field(
        default=Path("/var/lib/examroom-guard"),
        description="Where the guard keeps this computer's name and the boxes it has trusted.",
    )
    local_port: int = Field(
        default=8402, ge=1024, le=65535, description="Port of this computer's own pages."
    )

    @property
    def local_origin(self) -> str:
        """Return where this computer's own pages are: on loopback, for its browser only."""
        return f"http://127.0.0.1:{self.local_port}"


def load_kiosk_settings(path: Path) -> KioskSettings:
    """Read the settings; raises KioskSettingsUnfitError with the name and what is wrong."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise KioskSettingsUnfitError(problem=str(problem)) from problem
    return read_kiosk_settings(data, {})


def read_kiosk_settings(data: bytes, defaults: Mapping[str, str]) -> KioskSettings:
    """Return the settings in a file; `defaults` are for what it does not say.

    Raises KioskSettingsUnfitError with the name and what is wrong.
    """
    try:
        # Windows' editor leaves a byte order mark.
        values = tomllib.loads(data.decode("utf-8-sig"))
        return KioskSettings.model_validate({**defaults, **values})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise KioskSettingsUnfitError(problem=str(problem)) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KioskSettingsUnfitError(problem=f"{where}: {first['msg']}") from problem
