"""A candidate's page reduced to its promise: keeps changes until they are acknowledged.

It is written from docs/candidate-protocol.md alone, so it also proves that the document suffices.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from provisioning.demo.http import LoopbackSession

CALL_SECONDS = 10


@dataclass(slots=True)
class CandidateClient:
    """One browser of one candidate."""

    origin: str
    code: str
    client_id: str
    patience_seconds: float = CALL_SECONDS
    session: requests.Session = field(default_factory=LoopbackSession)
    attempt_id: str = ""
    ticket: str = ""
    follows: bool = False
    unsent: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    last_no: int = 0
    acknowledged: dict[int, tuple[str, Any]] = field(default_factory=dict)
    standing: dict[str, Any] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Show the code."""
        answer = self.session.post(
            f"{self.origin}/api/v1/sign-in",
            json={"code": self.code, "client": self.client_id},
            timeout=CALL_SECONDS,
        )
        answer.raise_for_status()
        body = answer.json()
        self.attempt_id, self.standing = body["attempt_id"], body["standing"]
        self.ticket = body["ticket"]
        self.last_no = max(self.last_no, self.standing["acknowledged"])

    def write(self, item_id: str, value: Any, response_id: str = "RESPONSE") -> None:
        """Keep a change."""
        self.last_no += 1
        self.unsent.append(
            {
                "no": self.last_no,
                "kind": "response",
                "item": item_id,
                "response": response_id,
                "value": value,
                "made": time.monotonic(),
            }
        )

    def post(self, path: str, body: Any) -> requests.Response:
        """Call the box with JSON."""
        address = f"{self.origin}/api/v1/attempts/{self.attempt_id}/{path}"
        shown = {"Authorization": f"Bearer {self.ticket}"} if self.follows else {}
        return self.session.post(address, json=body, headers=shown, timeout=self.patience_seconds)

    def find_leader(self) -> bool:
        """Look among the room's boxes for the one that leads, and go there."""
        found: list[tuple[int, str]] = []
        for origin in self.standing.get("boxes", []):
            with contextlib.suppress(requests.RequestException):
                answer = requests.get(f"{origin}/api/v1/box", timeout=2)
                # One that is busy taking over says so, and is asked again.
                answer.raise_for_status()
                view = answer.json()
                if view["leads"] and view["epoch"] >= self.standing["epoch"]:
                    found.append((view["epoch"], view["origin"]))
        if not found:
            return False
        self.origin = max(found)[1]
        self.follows = True
        return True

    def exchange(self) -> dict[str, Any]:
        """Send what is unsent once; forget only what is acknowledged."""
        changes = [
            {name: value for name, value in one.items() if name != "made"}
            | {"age_ms": int((time.monotonic() - one["made"]) * 1000)}
            for one in self.unsent
        ]
        answer = self.post("changes", {"changes": changes, "oldest": self._oldest()})
        answer.raise_for_status()
        self.standing = answer.json()
        self._settle(self.standing["acknowledged"], self.standing["copied"])
        return self.standing

    def _oldest(self) -> int:
        return min((one["no"] for one in [*self.held, *self.unsent]), default=self.last_no + 1)

    def _settle(self, acknowledged: int, copied: int) -> None:
        """Sort by what the box has; one that took over may have less than was acknowledged."""
        both = sorted([*self.held, *self.unsent], key=lambda one: int(one["no"]))
        for one in both:
            if one["no"] <= acknowledged:
                self.acknowledged[one["no"]] = (one["item"], one["value"])
        self.unsent = [one for one in both if one["no"] > acknowledged]
        self.held = [one for one in both if copied < one["no"] <= acknowledged]

    def hand_in(self) -> requests.Response:
        """Hand in."""
        return self.post("submission", {"last_change": self.last_no, "oldest": self._oldest()})
