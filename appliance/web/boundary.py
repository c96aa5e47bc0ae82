"""Untrusted JSON from candidates' pages: bounded in bytes, depth, count and length, then typed.

What is refused here is refused whole, with a sentence, and the page keeps it: nothing is lost.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.changes import Change
from appliance.domain.errors import InvalidInputError

CHANGES_MAX = 200
RESCUED_CHANGES_MAX = 20_000
TEXT_MAX_CHARACTERS = 400_000
REQUEST_MAX_BYTES = 2 * 1024 * 1024
DEPTH_MAX = 8
CHANGE_NO_MAX = 2**53 - 1
WORKSTATION_ID = r"^[0-9a-z]{8,32}$"
"""The name a workstation gave itself: random, and no secret."""


class RequestMalformedError(InvalidInputError):
    """Not JSON, or not what the protocol says."""

    key = "request_malformed"
    staff_message = "A candidate's page sent something this box does not understand."
    candidate_message = (
        "The box did not understand this computer. Your work is kept here. Please ask for help."
    )


class RequestTooLargeError(InvalidInputError):
    """More than one exchange may carry."""

    key = "request_too_large"
    staff_message = "A candidate's page sent more than {mebibytes_max} MiB at once."
    candidate_message = (
        "This is more than can be saved in one response. Please make it shorter. "
        "Everything is still on this computer."
    )


class Strict(BaseModel):
    """A body with known fields of known types only."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Identifier = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=TEXT_MAX_CHARACTERS)]


class UploadValue(Strict):
    """An upload's description; its bytes travel beside."""

    name: Annotated[str, Field(max_length=255)]
    media_type: Annotated[str, Field(max_length=127)]
    size_bytes: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ChangeBody(Strict):
    """One change."""

    no: Annotated[int, Field(ge=1, le=CHANGE_NO_MAX)]
    kind: Literal["response", "flag", "visit"]
    item: Identifier
    response: Annotated[str, Field(max_length=128)] = ""
    value: Text | Annotated[list[Text], Field(max_length=500)] | UploadValue | None = None
    flagged: bool = False
    age_ms: Annotated[int, Field(ge=0, le=CHANGE_NO_MAX)] = 0

    def as_change(self) -> Change:
        """Return the domain's form."""
        value = self.value.model_dump() if isinstance(self.value, UploadValue) else self.value
        return Change(
            change_no=self.no,
            kind=self.kind,
            item_id=self.item,
            response_id=self.response,
            value=value,
            flagged=self.flagged,
            age_ms=self.age_ms,
        )


class ExchangeBody(Strict):
    """What a page sends: what is unsent, and how it is doing."""

    changes: Annotated[list[ChangeBody], Field(max_length=CHANGES_MAX)] = []
    seen_messages: Annotated[int, Field(ge=0, le=100_000)] = 0
    item: Annotated[str, Field(max_length=128)] = ""
    battery_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    unsent: Annotated[int, Field(ge=0, le=CHANGE_NO_MAX)] = 0
    oldest: Annotated[int, Field(ge=0, le=CHANGE_NO_MAX)] = 0
    workstation: Annotated[str, Field(pattern=WORKSTATION_ID)] | None = None


class RescuedBody(Strict):
    """What a rescue file holds: the changes that a page still had."""

    changes: Annotated[list[ChangeBody], Field(max_length=RESCUED_CHANGES_MAX)]


class SignInBody(Strict):
    """A code, and the browser's own id."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    client: Annotated[str, Field(pattern=r"^[0-9a-z]{8,32}$")]


class HandInBody(Strict):
    """The number of the last change the page made, and of the oldest that it still has."""

    last_change: Annotated[int, Field(ge=0, le=CHANGE_NO_MAX)]
    oldest: Annotated[int, Field(ge=0, le=CHANGE_NO_MAX)] = 0


class HelpBody(Strict):
    """A hand up, or down."""

    wanted: bool


def is_workstation_id(text: str) -> bool:
    """Say whether a text names a workstation."""
    return re.fullmatch(WORKSTATION_ID, text) is not None


Body = TypeVar("Body", bound=BaseModel)


def read_body(model: type[Body]) -> Body:
    """Read the request's JSON as `model`.

    Raises RequestTooLargeError or RequestMalformedError.
    """
    if (request.content_length or 0) > REQUEST_MAX_BYTES:
        raise RequestTooLargeError(mebibytes_max=REQUEST_MAX_BYTES // 2**20)
    data = request.get_data(cache=False)
    if len(data) > REQUEST_MAX_BYTES:
        raise RequestTooLargeError(mebibytes_max=REQUEST_MAX_BYTES // 2**20)
    return parse_body(data, model)


def parse_body(data: bytes, model: type[Body]) -> Body:
    """Parse bytes as `model`; raises RequestMalformedError."""
    try:
        # Depth first, on the raw text: the parser itself recurses.
        _require_shallow(data)
        return model.model_validate_json(_without_lone_surrogates(data))
    except (ValidationError, ValueError, RecursionError) as problem:
        raise RequestMalformedError from problem


def _require_shallow(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    inside_text = escaped = False
    for byte in data:
        if inside_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside_text = False
        elif byte == 0x22:
            inside_text = True
        elif byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise ValueError("nested too deeply")
        elif byte in b"]}":
            depth -= 1


def _without_lone_surrogates(data: bytes) -> bytes:
    """Replace halves of characters, which a text field can hold and a database cannot."""
    if b"\\u" not in data:
        return data
    value: Any = json.loads(data)
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace")
