"""What somebody wants done in a room session.  A command is a wish; `decide` grants or refuses it.

`actor` is who wishes: a staff id, "candidate", or "box" for what the machine notices itself.
Ids of new things come in the command, so that deciding needs no randomness.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.box_commands import BoxCommand
from appliance.domain.candidates import Accommodation
from appliance.domain.changes import Change
from appliance.domain.conduct import NoteBlockedKeys
from appliance.domain.locked_browser import RequireLockedBrowser
from appliance.domain.rescue_commands import TakeRescuedWork
from appliance.domain.revisions import ResponseValue
from appliance.domain.time_commands import DecideLostTime


@dataclass(frozen=True, slots=True)
class ExpectedCandidate:
    """A candidate as the roster names them."""

    attempt_id: str
    candidate_id: str
    number: str
    given_name: str
    family_name: str
    anonymous_code: str
    code_hash: str
    seat: str | None
    accommodations: tuple[Accommodation, ...]


@dataclass(frozen=True, slots=True)
class OpenRoomSession:
    """Open the room."""

    actor: str
    room: str
    practice: bool


@dataclass(frozen=True, slots=True)
class PlanSitting:
    """Put an exam and its candidates into this room session.

    With `conduct_basis` it has conduct noted, on that basis.
    """

    actor: str
    sitting_id: str
    title: str
    package_id: str
    duration_seconds: int
    planned_start_at_ms: int | None
    candidates: tuple[ExpectedCandidate, ...]
    conduct_basis: str = ""


@dataclass(frozen=True, slots=True)
class LoadSitting:
    """Note that the exam package of a sitting is on this box and intact."""

    actor: str
    sitting_id: str
    package_sha256: str


@dataclass(frozen=True, slots=True)
class ReleaseSitting:
    """Note that the exam was opened, and by which way (code, token, shares)."""

    actor: str
    sitting_id: str
    way: str


@dataclass(frozen=True, slots=True)
class StartSitting:
    """Start the exam for everybody who is checked in."""

    actor: str
    sitting_id: str


@dataclass(frozen=True, slots=True)
class PauseSitting:
    """Stop the clocks of a sitting."""

    actor: str
    sitting_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeSitting:
    """Let the clocks of a sitting go on."""

    actor: str
    sitting_id: str


@dataclass(frozen=True, slots=True)
class EndSitting:
    """End the exam: everybody who still writes is handed in."""

    actor: str
    sitting_id: str


@dataclass(frozen=True, slots=True)
class CloseSittings:
    """Close every attempt and every sitting, before the room is sealed."""

    actor: str


@dataclass(frozen=True, slots=True)
class SealRoomSession:
    """Sign the report and close the room for good."""

    actor: str


@dataclass(frozen=True, slots=True)
class CheckIn:
    """The invigilator has seen the person and noted the seat."""

    actor: str
    attempt_id: str
    seat: str | None


@dataclass(frozen=True, slots=True)
class UndoCheckIn:
    """Take a check-in back."""

    actor: str
    attempt_id: str


@dataclass(frozen=True, slots=True)
class MarkAbsent:
    """The candidate has not come."""

    actor: str
    attempt_id: str


@dataclass(frozen=True, slots=True)
class ContinueOnPaper:
    """The candidate goes on with pen and paper; the clock rests."""

    actor: str
    attempt_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdmitWalkIn:
    """Admit somebody who is not on the roster, provisionally."""

    actor: str
    sitting_id: str
    candidate: ExpectedCandidate
    declaration: str


@dataclass(frozen=True, slots=True)
class SuspendAttempt:
    """Stop one candidate's clock."""

    actor: str
    attempt_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeAttempt:
    """Let one candidate's clock go on."""

    actor: str
    attempt_id: str


@dataclass(frozen=True, slots=True)
class ReopenAttempt:
    """Let a candidate write again after hand-in.  Needs a chief invigilator and a reason."""

    actor: str
    role: str
    attempt_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExtendTime:
    """Give (or, negative, take back) seconds: one candidate, or all of a sitting."""

    actor: str
    sitting_id: str
    attempt_ids: tuple[str, ...]
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class SignInCandidate:
    """A browser shows a candidate's code."""

    actor: str
    attempt_id: str
    client_id: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class DecideMove:
    """The invigilator lets the attempt move to the computer that asks, or does not."""

    actor: str
    attempt_id: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class FreeWorkstation:
    """Let the attempt go from its computer, so that the next one to sign in takes it at once."""

    actor: str
    attempt_id: str


@dataclass(frozen=True, slots=True)
class SaveChanges:
    """Save what is not acknowledged yet.  `oldest_no` is the oldest the browser still has."""

    actor: str
    attempt_id: str
    client_id: str
    changes: tuple[Change, ...]
    oldest_no: int = 0


@dataclass(frozen=True, slots=True)
class DecideKeptAside:
    """Take or leave a change that was kept aside."""

    actor: str
    kept_id: str
    taken: bool


@dataclass(frozen=True, slots=True)
class BringBackRevision:
    """Make an earlier revision the newest one again."""

    actor: str
    attempt_id: str
    item_id: str
    response_id: str
    revision_no: int
    value: ResponseValue


@dataclass(frozen=True, slots=True)
class SubmitAttempt:
    """Hand in.  `last_change_no` is the browser's last change: all up to it must be saved.

    `oldest_no` is the number of the oldest change that the browser still has.
    """

    actor: str
    attempt_id: str
    client_id: str | None
    last_change_no: int
    oldest_no: int = 0


@dataclass(frozen=True, slots=True)
class AskForHelp:
    """The candidate raises a hand, or (`wanted` False) takes it down."""

    actor: str
    attempt_id: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Say something to one candidate or to a whole sitting."""

    actor: str
    message_id: str
    sitting_id: str
    attempt_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class WriteIrregularity:
    """Write down something out of the ordinary."""

    actor: str
    irregularity_id: str
    attempt_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class NoteStaff:
    """A member of staff signed in or out, or somebody tried and failed."""

    actor: str
    what: str


@dataclass(frozen=True, slots=True)
class NoteContact:
    """A browser has not been heard from since, or is back after so many seconds."""

    actor: str
    attempt_id: str
    lost: bool
    away_seconds: int
    unsent_count: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """Persist the room clock.  Sent every few seconds while anybody writes."""

    actor: str


@dataclass(frozen=True, slots=True)
class NoteRestart:
    """The exam server is back.  `exact` says that `down_seconds` was counted, not guessed."""

    actor: str
    down_seconds: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Sign the head of the journal with the box's key."""

    actor: str


Command = (
    OpenRoomSession
    | PlanSitting
    | LoadSitting
    | ReleaseSitting
    | StartSitting
    | PauseSitting
    | ResumeSitting
    | EndSitting
    | CloseSittings
    | SealRoomSession
    | CheckIn
    | UndoCheckIn
    | MarkAbsent
    | ContinueOnPaper
    | AdmitWalkIn
    | SuspendAttempt
    | ResumeAttempt
    | ReopenAttempt
    | ExtendTime
    | SignInCandidate
    | DecideMove
    | FreeWorkstation
    | SaveChanges
    | DecideKeptAside
    | BringBackRevision
    | SubmitAttempt
    | AskForHelp
    | SendMessage
    | WriteIrregularity
    | NoteStaff
    | NoteContact
    | DecideLostTime
    | NoteBlockedKeys
    | RequireLockedBrowser
    | TakeRescuedWork
    | Tick
    | NoteRestart
    | Checkpoint
    | BoxCommand
)
