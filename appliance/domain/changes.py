"""What a browser did: one change, as it comes from a candidate's page or from a file of it."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.revisions import ResponseValue


@dataclass(frozen=True, slots=True)
class Change:
    """One change made in a browser.  `age_ms` says how long before sending it was made."""

    change_no: int
    kind: str
    item_id: str
    response_id: str = ""
    value: ResponseValue = None
    flagged: bool = False
    age_ms: int = 0
