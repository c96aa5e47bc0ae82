"""Settings of Safe Exam Browser as the box writes them, and their Config Key.

The Config Key is SHA-256 over the settings in a JSON of the vendor's own kind: members sorted
without regard to case, nothing escaped, empty dictionaries left out.  Source: SEB's developer page
“Config Key”; tests/unit/formats/test_seb_settings.py has keys that real clients computed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import plistlib
from collections.abc import Iterator, Mapping

from appliance.domain.errors import InvariantViolated

DEPTH_MAX = 16
WHO_WROTE_IT = "originatorversion"
"""The one member that does not count."""
_MISREAD = frozenset('"\\\n\r\t')
"""Characters that clients have been seen to escape in different ways."""

Settings = Mapping[str, object]


def write_settings(settings: Settings) -> bytes:
    """Return the settings as a property list, of values that all clients read alike only."""
    _require_safe(settings, 0)
    return plistlib.dumps(dict(settings))


def _require_safe(value: object, depth: int) -> None:
    if depth > DEPTH_MAX or (isinstance(value, Mapping) and not value):
        raise InvariantViolated("settings nested too deeply, or an empty dictionary")
    if isinstance(value, Mapping):
        names = [str(name).casefold() for name in value]
        if len(set(names)) < len(names):
            raise InvariantViolated("names that differ by case alone are sorted in two ways")
        for one in value.values():
            _require_safe(one, depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            _require_safe(one, depth + 1)
    elif isinstance(value, str):
        if _MISREAD & set(value):
            raise InvariantViolated("a quote, a backslash or a line break in a text")
    elif not isinstance(value, bool | int | bytes):
        raise InvariantViolated(f"{type(value).__name__} is written in several ways")


def config_key(settings: Settings) -> str:
    """Return the Config Key, lower-case hexadecimal."""
    counted = {name: one for name, one in settings.items() if name.lower() != WHO_WROTE_IT}
    return hashlib.sha256("".join(_json(counted, 0)).encode()).hexdigest()


def _json(value: object, depth: int) -> Iterator[str]:
    if depth > DEPTH_MAX:
        raise InvariantViolated("settings nested too deeply")
    if isinstance(value, Mapping):
        yield "{"
        for at, (name, one) in enumerate(_members(value)):
            yield f'{"," if at else ""}"{name}":'
            yield from _json(one, depth + 1)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for at, one in enumerate(value):
            yield "," if at else ""
            yield from _json(one, depth + 1)
        yield "]"
    else:
        yield _plain(value)


def _members(value: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return the members in SEB's order; an empty dictionary is none."""
    members = [(name, one) for name, one in value.items() if one != {}]
    return sorted(members, key=lambda member: (member[0].casefold(), member[0].swapcase()))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode("ascii")}"'
    if isinstance(value, str):
        return f'"{value}"'
    # Clients for Windows and macOS write dates and fractions differently.
    raise InvariantViolated(f"{type(value).__name__} in settings")


def request_hash(url: str, key: str) -> str:
    """Return what SEB shows for a request to `url` (absolute), by Config Key or Browser Exam Key.

    What stands behind # does not count.
    """
    return hashlib.sha256(f"{url.partition('#')[0]}{key}".encode()).hexdigest()


def is_request_hash(shown: str, url: str, key: str) -> bool:
    """Say in constant time whether `shown` is the hash of a request to `url`."""
    return hmac.compare_digest(shown.lower().encode(), request_hash(url, key).encode())
