"""Every setting of the box, with its unit, its bounds and what it is for.

One TOML file, read once at the start; an unknown name stops the start with a sentence.  Secrets are
never in it: they come from systemd credentials, else from files only the service may read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.errors import InvalidInputError

RESERVE_MAX_BYTES = 256 * 2**20
"""What a full room writes in four hours is less."""

PROBLEM_MAX = 300


class SettingsUnfitError(InvalidInputError):
    """The settings file cannot be used."""

    key = "settings_unfit"
    staff_message = "The settings file cannot be used: {problem}. Mend it and start again."


class Settings(BaseModel):
    """The settings of the exam server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(description="Where databases, keys, packages and the mailbox lie.")
    room: str = Field(
        default="Exam room", min_length=1, max_length=60, description="Name of the room, shown."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    candidate_port: int = Field(
        default=8400, ge=0, le=65535, description="Port of the candidates' application."
    )
    staff_port: int = Field(
        default=8401, ge=0, le=65535, description="Port of the staff application."
    )
    public_origin: str = Field(
        default="",
        description="Address candidates open when a proxy stands in front; empty: host and port.",
    )
    proxy_address: str = Field(
        default="",
        description="Address of the proxy whose X-Forwarded-For is believed; empty: none.",
    )
    standby_of: str = Field(
        default="",
        pattern=r"^$|^https?://[^/\s]+/?$",
        description="Address of the box to follow as its standby; empty: this box leads.",
    )
    room_file_problem: str = Field(
        default="",
        max_length=PROBLEM_MAX,
        description="What is wrong with room.toml, for the page Box; written at each start.",
    )
    announce: bool = Field(default=True, description="Announce the box by zeroconf (mDNS).")
    worker_threads: int = Field(
        default=64, ge=4, le=128, description="Requests worked on at once, for each application."
    )
    connections_max: int = Field(
        default=2000, ge=100, le=10000, description="Browsers connected at once."
    )
    tick_seconds: int = Field(
        default=5, ge=1, le=5, description="How often the room clock is made durable."
    )
    checkpoint_seconds: int = Field(
        default=60, ge=10, le=600, description="How often the head of the journal is signed."
    )
    lost_after_seconds: int = Field(
        default=25, ge=10, le=300, description="Silence after which a workstation counts as lost."
    )
    reserve_max_bytes: int = Field(
        default=RESERVE_MAX_BYTES,
        ge=2**20,
        le=16 * 2**30,
        description="Disk space kept for responses; never more than an eighth of the disk.",
    )
    staff_rest_minutes: int = Field(
        default=240, ge=5, le=720, description="Unused for so long, a staff sign-in ends."
    )


def load_settings(path: Path | None, **overrides: object) -> Settings:
    """Read the settings; `overrides` that are not None win over the file.

    Raises SettingsUnfitError with the name of the setting and what is wrong.
    """
    values: dict[str, object] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as problem:
            raise SettingsUnfitError(problem=str(problem)) from problem
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsUnfitError(problem=f"{where}: {first['msg']}") from problem
