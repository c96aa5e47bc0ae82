"""The state of one room session: what all its entries so far add up to.

`RoomState` is plain data.  Decisions read it, `evolve` changes it, storage keeps it in tables.
`touched` names what changed since it was last cleared, so that storage writes only that.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from appliance.domain.candidates import Accommodation
from appliance.domain.conduct import BlockedKeys
from appliance.domain.errors import NotFoundError
from appliance.domain.locked_browser import LockedBrowser
from appliance.domain.lost_time import LostTime
from appliance.domain.revisions import ResponseValue
from appliance.domain.states import AttemptState, SittingState
from appliance.domain.time_accounts import TimeAccount

ResponseKey = tuple[str, str, str]
"""(attempt_id, item_id, response_id)"""


class SittingNotFoundError(NotFoundError):
    """No such sitting in this room session."""

    key = "sitting_not_found"
    staff_message = "That exam is not part of this room session."


class AttemptNotFoundError(NotFoundError):
    """No such attempt in this room session."""

    key = "attempt_not_found"
    staff_message = "That candidate is not part of this room session."
    candidate_message = "This computer is not signed in here. Please ask the invigilator."


@dataclass(slots=True)
class Sitting:
    """One exam in this room session.  Times are UTC milliseconds, or None while not yet."""

    sitting_id: str
    title: str
    package_id: str
    duration_seconds: int
    planned_start_at_ms: int | None = None
    state: SittingState = SittingState.PLANNED
    released_by: str | None = None
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    locked_browser: LockedBrowser | None = None


@dataclass(slots=True)
class Attempt:
    """One candidate's go at one exam, with the time account and where it is written."""

    attempt_id: str
    sitting_id: str
    candidate_id: str
    number: str
    given_name: str
    family_name: str
    anonymous_code: str
    code_hash: str
    accommodations: list[Accommodation]
    account: TimeAccount
    state: AttemptState = AttemptState.EXPECTED
    seat: str | None = None
    provisional: bool = False
    client_id: str | None = None
    waiting_client_id: str | None = None
    extended_seconds: int = 0
    checked_in_by: str | None = None
    started_at_ms: int | None = None
    submitted_at_ms: int | None = None
    submitted_by: str | None = None
    submitted_clock_ms: int | None = None
    submitted_seq: int | None = None
    help_asked_at_ms: int | None = None
    lost_at_ms: int | None = None
    away_seconds: int = 0
    replaced_count: int = 0

    @property
    def name(self) -> str:
        """Return the name as an invigilator reads it."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(slots=True)
class Client:
    """One browser that showed the code of an attempt, and how far its changes are saved.

    `has_held` says that the attempt was written there: by the first to sign in, or because an
    invigilator let it move there.
    """

    attempt_id: str
    client_id: str
    token_hash: str
    acknowledged_change_no: int = 0
    saved_at_ms: int | None = None
    has_held: bool = False


@dataclass(slots=True)
class CurrentResponse:
    """The newest revision of one response."""

    value: ResponseValue
    revision_no: int
    splice_count: int
    seq: int
    client_id: str
    change_no: int
    saved_at_ms: int
    late: bool = False


@dataclass(slots=True)
class KeptAside:
    """A change that could not simply be taken: it waits for a person's decision."""

    kept_id: str
    attempt_id: str
    item_id: str
    response_id: str
    value: ResponseValue
    reason: str
    client_id: str
    change_no: int
    kept_at_ms: int
    decision: str | None = None


@dataclass(slots=True)
class Message:
    """Something staff said to one candidate (`attempt_id`) or, with None, to a whole sitting."""

    message_id: str
    sitting_id: str
    attempt_id: str | None
    text: str
    sent_at_ms: int
    sent_by: str


@dataclass(slots=True)
class Irregularity:
    """Anything out of the ordinary, written down when it happened."""

    irregularity_id: str
    attempt_id: str | None
    text: str
    written_at_ms: int
    written_by: str


@dataclass(slots=True)
class ItemMark:
    """What a candidate noted about an item: seen, and to come back to."""

    attempt_id: str
    item_id: str
    flagged: bool
    visited_at_ms: int | None


@dataclass(slots=True)
class RoomBox:
    """A box of this room session: the one that leads, and those that follow or have led.

    `origin` is where candidates' pages reach it.  `epoch` is the newest that it has begun by taking
    over, after the entry `continues_seq`, or 0.  `handed_over_epoch` and `handed_over_seq` say up
    to where entries that it alone had, after it was overtaken, have been taken in.
    """

    box_id: str
    name: str
    origin: str
    epoch: int = 0
    continues_seq: int = 0
    handed_over_epoch: int = 0
    handed_over_seq: int = 0


@dataclass(slots=True)
class RoomSession:
    """The period this room is open, and how far its clock and its journal have come."""

    journal_id: str
    room: str = ""
    practice: bool = False
    opened_at_ms: int | None = None
    opened_by: str = ""
    sealed_at_ms: int | None = None
    clock_ms: int = 0
    tick_at_ms: int = 0
    tick_monotonic_ms: int = 0
    boot_id: str = ""
    checkpoint_seq: int = 0


@dataclass(slots=True)
class RoomState:
    """Everything a decision may look at.

    `conduct_bases` has the sittings that have conduct noted, `blocked_keys` goes by attempt.
    """

    session: RoomSession
    sittings: dict[str, Sitting] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    responses: MutableMapping[ResponseKey, CurrentResponse] = field(default_factory=dict)
    kept_aside: dict[str, KeptAside] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    irregularities: dict[str, Irregularity] = field(default_factory=dict)
    item_marks: dict[tuple[str, str], ItemMark] = field(default_factory=dict)
    boxes: dict[str, RoomBox] = field(default_factory=dict)
    lost_time: dict[str, LostTime] = field(default_factory=dict)
    conduct_bases: dict[str, str] = field(default_factory=dict)
    blocked_keys: dict[str, BlockedKeys] = field(default_factory=dict)
    touched: set[tuple[str, object]] = field(default_factory=set)

    def sitting(self, sitting_id: str) -> Sitting:
        """Return the sitting or raise SittingNotFoundError."""
        try:
            return self.sittings[sitting_id]
        except KeyError:
            raise SittingNotFoundError(sitting_id=sitting_id) from None

    def attempt(self, attempt_id: str) -> Attempt:
        """Return the attempt or raise AttemptNotFoundError."""
        try:
            return self.attempts[attempt_id]
        except KeyError:
            raise AttemptNotFoundError(attempt_id=attempt_id) from None

    def attempts_of(self, sitting_id: str) -> list[Attempt]:
        """Return the attempts of one sitting."""
        return [one for one in self.attempts.values() if one.sitting_id == sitting_id]

    def anyone_writing(self) -> bool:
        """Say whether any time account is counting."""
        return any(one.account.counting_since_ms is not None for one in self.attempts.values())
