"""Canonical JSON: one spelling for one value, so that a signature covers exactly one document.

UTF-8, object keys sorted by code point, no spaces, no floats, integers within +-(2^53 - 1), no
duplicate keys.  Reading is strict: what is not spelled canonically is refused.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError

from appliance.domain.errors import InvalidInputError

INTEGER_MAX = 2**53 - 1
DEPTH_MAX = 32
DOCUMENT_MAX_BYTES = 1024 * 1024

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class DocumentMalformedError(InvalidInputError):
    """Bytes that should be one of our documents are not spelled like one."""

    key = "document_malformed"
    staff_message = (
        "This file is not one that examroom wrote, or it was damaged on the way. "
        "Nothing was changed. Fetch it again."
    )


class DocumentTooLargeError(InvalidInputError):
    """A document is larger than its kind may be."""

    key = "document_too_large"
    staff_message = (
        "This file is larger than {bytes_max} bytes, which is the most a file of this kind may be. "
        "Nothing was changed."
    )


def encode_canonical(value: object) -> bytes:
    """Return the one spelling of `value`: null, bool, int, str, list and dict with str keys.

    Raises TypeError for anything else and for integers that JavaScript would round.
    """
    _require_plain(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def parse_canonical(
    data: bytes, *, bytes_max: int = DOCUMENT_MAX_BYTES, depth_max: int = DEPTH_MAX
) -> object:
    """Read a canonical document of at most `bytes_max` bytes and `depth_max` levels."""
    if len(data) > bytes_max:
        raise DocumentTooLargeError(bytes_max=bytes_max)
    _require_shallow(data, depth_max)
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_without_duplicates,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
        respelled = encode_canonical(value)
    except (ValueError, TypeError) as problem:
        raise DocumentMalformedError from problem
    if respelled != data:
        raise DocumentMalformedError
    return value


def _require_plain(value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError("a canonical document has text for keys")
            _require_plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _require_plain(inner)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        return
    elif not isinstance(value, int):
        raise TypeError(f"a canonical document holds no {type(value).__name__}")
    elif abs(value) > INTEGER_MAX:
        raise TypeError("a canonical document holds no integer beyond 2^53 - 1")


def _require_shallow(data: bytes, depth_max: int) -> None:
    """Refuse deep nesting before the recursive parser meets it; strings do not count."""
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > depth_max:
            raise DocumentMalformedError


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _refuse_number(spelling: str) -> NoReturn:
    raise ValueError(f"not an integer: {spelling}")


def _bytes_of_hex(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str) or value != value.lower():
        raise ValueError("lower-case hexadecimal expected")
    return bytes.fromhex(value)


HexBytes = Annotated[bytes, PlainValidator(_bytes_of_hex), PlainSerializer(bytes.hex)]
"""Bytes that a document spells as lower-case hexadecimal."""


class CanonicalDocument(BaseModel):
    """A document with known fields only; its bytes are canonical JSON."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Return the document's one spelling."""
        return encode_canonical(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, data: bytes, *, bytes_max: int = DOCUMENT_MAX_BYTES) -> Self:
        """Read a document; raises DocumentMalformedError or DocumentTooLargeError."""
        return cls.from_value(parse_canonical(data, bytes_max=bytes_max))

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Read a document that stands inside another one."""
        try:
            return cls.model_validate(value)
        except ValidationError as problem:
            raise DocumentMalformedError from problem
