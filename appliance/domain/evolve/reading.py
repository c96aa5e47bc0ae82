"""Reading the fields of an entry's body, with the types the journal promises."""

from __future__ import annotations

from appliance.domain.errors import InvariantViolated

Body = dict[str, object]


def text(body: Body, name: str) -> str:
    """Return a string field."""
    value = body[name]
    if not isinstance(value, str):
        raise InvariantViolated(f"{name} is not text")
    return value


def text_or_none(body: Body, name: str) -> str | None:
    """Return a string field that may be null or absent."""
    return None if body.get(name) is None else text(body, name)


def texts(body: Body, name: str) -> tuple[str, ...]:
    """Return a list of strings."""
    value = body[name]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvariantViolated(f"{name} is no list of texts")
    return tuple(value)


def number(body: Body, name: str) -> int:
    """Return an integer field."""
    value = body[name]
    if not isinstance(value, int):
        raise InvariantViolated(f"{name} is not a number")
    return value


def number_or_none(body: Body, name: str) -> int | None:
    """Return an integer field that may be null or absent."""
    return None if body.get(name) is None else number(body, name)
