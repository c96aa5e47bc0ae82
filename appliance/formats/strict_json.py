"""JSON and dataclasses, strictly both ways: nothing unknown, nothing missing, no floats.

The encoding is canonical (UTF-8, sorted keys, no spaces), so equal models have equal bytes.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

JSON_DEPTH_MAX = 24
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)

Model = TypeVar("Model")


class JsonShapeError(ValueError):
    """Why some JSON is not the model; caught by whoever knows what file it came from."""


def encode(model: object) -> bytes:
    """Return the canonical bytes of a dataclass; fields at their defaults are written too."""
    return json.dumps(
        to_json(model), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def to_json(value: object) -> object:
    """Return what stands for a value in JSON; a class with a `kind` says it."""
    if is_dataclass(value) and not isinstance(value, type):
        written = {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
        kind = getattr(type(value), "kind", None)
        return written if kind is None else {"kind": kind, **written}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [to_json(single) for single in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a model")


def parse(data: bytes, *, bytes_max: int) -> object:
    """Return the value of some JSON bytes.  Raises JsonShapeError."""
    if len(data) > bytes_max:
        raise JsonShapeError(f"it has {len(data)} bytes, at most {bytes_max} are read")
    try:
        text = data.decode()
        _check_depth(text)
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise JsonShapeError(f"it is not JSON ({error})") from error
    except JsonShapeError:
        raise
    except ValueError as error:  # an integer with thousands of digits
        raise JsonShapeError("it holds a number that is too long") from error


def _check_depth(text: str) -> None:
    depth = 0
    for token in _STRUCTURE.finditer(text):
        if token.group() in "[{":
            depth += 1
            if depth > JSON_DEPTH_MAX:
                raise JsonShapeError(f"it is nested deeper than {JSON_DEPTH_MAX} levels")
        elif token.group() in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonShapeError("a name stands twice in one object")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise JsonShapeError(f"the number {text[:20]} is not an integer")


def decode(model: type[Model], value: object, *, kinds: dict[str, type[Any]]) -> Model:
    """Make a dataclass of parsed JSON.

    `kinds` names the classes that a "kind" may stand for.  Raises JsonShapeError with the place.
    """
    decoded: Model = _Decoder(kinds).dataclass(model, value, "exam")
    return decoded


class _Decoder:
    """Walks annotations and JSON together; `place` is where it is, for the message."""

    def __init__(self, kinds: dict[str, type[Any]]) -> None:
        self.kinds = kinds
        self.hints: dict[type[Any], dict[str, Any]] = {}  # evaluating annotations is slow

    def dataclass(self, model: type[Any], value: object, place: str) -> Any:
        if not isinstance(value, dict):
            raise JsonShapeError(f"{place} is not an object")
        if hasattr(model, "kind"):
            model, value = self._of_kind(model, value, place)
        known = {field.name: field for field in fields(model)}
        unknown = value.keys() - known.keys()
        if unknown:
            raise JsonShapeError(f"{place} has something unknown, {min(unknown)!r}")
        hints = self.hints.get(model) or get_type_hints(model)
        self.hints[model] = hints
        return model(
            **{
                name: self.value(hints[name], value[name], f"{place}.{name}")
                for name, field in known.items()
                if name in value or _require(field, place)
            }
        )

    def _of_kind(
        self, base: type[Any], value: dict[str, object], place: str
    ) -> tuple[type[Any], dict[str, object]]:
        rest = dict(value)
        model = self.kinds.get(str(rest.pop("kind", None)))
        if model is None or not issubclass(model, base):
            raise JsonShapeError(f"{place} is of no known kind")
        return model, rest

    def value(self, hint: Any, value: object, place: str) -> Any:
        origin = get_origin(hint)
        if origin in {Union, types.UnionType}:
            inner = next(single for single in get_args(hint) if single is not type(None))
            return None if value is None else self.value(inner, value, place)
        if origin is tuple:
            return self._tuple(get_args(hint)[0], value, place)
        if isinstance(hint, type) and is_dataclass(hint):
            return self.dataclass(hint, value, place)
        return _scalar(hint, value, place)

    def _tuple(self, hint: Any, value: object, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise JsonShapeError(f"{place} is not a list")
        return tuple(
            self.value(hint, single, f"{place}[{number}]") for number, single in enumerate(value)
        )


def _require(field: Field[Any], place: str) -> bool:
    if field.default is MISSING and field.default_factory is MISSING:
        raise JsonShapeError(f"{place} lacks {field.name!r}")
    return False


def _scalar(hint: Callable[[Any], Any], value: object, place: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if not isinstance(value, str) or value not in {member.value for member in hint}:
            raise JsonShapeError(f"{place} is none of its values")
        return hint(value)
    if type(value) is not hint:
        raise JsonShapeError(f"{place} is of the wrong kind")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise JsonShapeError(f"{place} holds half a character")
    return value
