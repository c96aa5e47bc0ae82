"""Taking in work that was saved to a file on a candidate's computer, with a verdict a response."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.changes import Change
from appliance.domain.decide.now import Now
from appliance.domain.rescue_commands import TakeRescuedWork
from appliance.domain.revisions import ResponseValue
from appliance.domain.room import RoomState
from appliance.formats.rescue_file import RescuedWork, read_rescue_file
from appliance.services.box import Box

ResponseName = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RescueVerdict:
    """What became of the last thing a file says of one response.

    `verdict` is "new" (there was none), "newer" (it stands now), "same" (it stood already) or
    "conflict" (it waits for a decision).
    """

    item_id: str
    response_id: str
    verdict: str
    value: ResponseValue


def open_rescue_file(box: Box, attempt_id: str, data: bytes) -> RescuedWork:
    """Open a file for this attempt; raises RescueFileUnfitError or RescueFileForeignError."""
    return read_rescue_file(data, attempt_id=attempt_id, code_keys=box.store.code_keys())


def take_rescued(
    box: Box, *, actor: str, attempt_id: str, client_id: str, changes: tuple[Change, ...]
) -> list[RescueVerdict]:
    """Take the changes in; safe to repeat.  Raises AttemptNotFoundError."""
    writer = box.open_room().writer
    last: dict[ResponseName, ResponseValue] = {
        (one.item_id, one.response_id): one.value
        for one in sorted(changes, key=lambda one: one.change_no)
        if one.kind == "response"
    }

    def see(state: RoomState, _now: Now) -> dict[ResponseName, ResponseValue | None]:
        return {
            name: current.value
            for name in last
            if (current := state.responses.get((attempt_id, *name))) is not None
        }

    before = writer.look(see)
    command = TakeRescuedWork(actor, attempt_id, client_id, changes)
    after = writer.write_and_look(command, see)
    return [
        RescueVerdict(*name, _verdict(name, value, before, after), value)
        for name, value in last.items()
    ]


def _verdict(
    name: ResponseName,
    value: ResponseValue,
    before: dict[ResponseName, ResponseValue | None],
    after: dict[ResponseName, ResponseValue | None],
) -> str:
    if name in before and before[name] == value:
        return "same"
    if name not in after or after[name] != value:
        return "conflict"
    return "newer" if name in before else "new"
