"""What staff want done with work that was carried from a candidate's computer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.domain.commands import Change


@dataclass(frozen=True, slots=True)
class TakeRescuedWork:
    """Take in what a browser still had.  Idempotent; `client_id` may be unknown here."""

    actor: str
    attempt_id: str
    client_id: str
    changes: tuple[Change, ...]
