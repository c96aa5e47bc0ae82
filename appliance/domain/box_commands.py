"""What the boxes of a room want done: joining, taking over, handing over what one alone had."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.revisions import ResponseValue


@dataclass(frozen=True, slots=True)
class JoinBox:
    """Note a box of this room and where candidates' pages reach it."""

    actor: str
    box_id: str
    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Begin the epoch of this box.  `exact` says that `down_seconds` was counted, not guessed."""

    actor: str
    box_id: str
    name: str
    origin: str
    continues_epoch: int
    down_seconds: int
    exact: bool


@dataclass(frozen=True, slots=True)
class OpenExamAgain:
    """Note that a released exam was opened on a box that took the room over without its secret."""

    actor: str
    sitting_id: str
    way: str


@dataclass(frozen=True, slots=True)
class Stray:
    """An entry that only an overtaken box has; `value` is what a response in it amounts to."""

    seq: int
    at_ms: int
    kind: str
    actor: str
    subject: str
    body: dict[str, object]
    value: ResponseValue = None


@dataclass(frozen=True, slots=True)
class TakeStrays:
    """Take in what only an overtaken box has.  Idempotent by epoch and seq."""

    actor: str
    box_id: str
    epoch: int
    strays: tuple[Stray, ...]


BoxCommand = JoinBox | TakeOver | OpenExamAgain | TakeStrays
