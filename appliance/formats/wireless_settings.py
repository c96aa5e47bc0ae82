"""The room's wireless network, as a technician names it on the stick of a client: `wireless.toml`.

Whoever holds the stick can read the key, so it is a key for exams only, and a new one for each exam
period.  It is never logged and stands in no message.
"""

from __future__ import annotations

import tomllib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.errors import InvalidInputError

WIRELESS_FILE = "wireless.toml"
WIRELESS_FILE_MAX_BYTES = 4096
NAME_BYTES_MAX = 32
"""Of an SSID: IEEE 802.11, 9.4.2.2."""
KEY_RULE = "8 to 63 letters, digits and signs, none of them accented"


class WirelessUnfitError(InvalidInputError):
    """The file does not name a network and its key."""

    key = "wireless_unfit"
    staff_message = "The file wireless.toml cannot be used: {problem}. It needs a name and a key."


def _fits_an_ssid(name: str) -> str:
    if len(name.encode()) > NAME_BYTES_MAX:
        raise ValueError(f"longer than {NAME_BYTES_MAX} bytes")
    if not name.isprintable():
        raise ValueError("a sign in it cannot be shown")
    return name


class WirelessSettings(BaseModel):
    """A network that computers join by a key (WPA2 or WPA3, "personal").

    `key` has 8 to 63 signs of ASCII: IEEE 802.11, J.4.1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1), AfterValidator(_fits_an_ssid)]
    key: str = Field(pattern=r"^[ -~]{8,63}$", repr=False)


def read_wireless_settings(data: bytes) -> WirelessSettings:
    """Return what the file says; raises WirelessUnfitError, without the key."""
    if len(data) > WIRELESS_FILE_MAX_BYTES:
        raise WirelessUnfitError(problem=f"it is larger than {WIRELESS_FILE_MAX_BYTES} bytes")
    try:
        # Windows' editor leaves a byte order mark.
        return WirelessSettings.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError as problem:
        raise WirelessUnfitError(problem="it is not written in UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise WirelessUnfitError(problem=str(problem)) from problem
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        named = ".".join(str(part) for part in first["loc"])
        said = KEY_RULE if first["type"] == "string_pattern_mismatch" else first["msg"]
        raise WirelessUnfitError(problem=f"{named}: {said}") from problem
