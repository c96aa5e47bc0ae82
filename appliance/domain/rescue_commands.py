"""What staff want done with work that was carried from a candidate's computer."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.changes import Change


@dataclass(frozen=True, slots=True)
class TakeRescuedWork:
    """Take in what a browser still had.  Idempotent; `client_id` may be unknown here."""

    actor: str
    attempt_id: str
    client_id: str
    changes: tuple[Change, ...]
