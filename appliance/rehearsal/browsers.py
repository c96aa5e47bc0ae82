"""Browsers that speak the candidate protocol: one saves, one signs in and loads the exam.

docs/candidate-protocol.md is the specification.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field

WORDS = (
    "in early spring the ice melts and water at surface is close to zero degrees it lighter than "
    "below which holds about four as sun warms towards becomes denser sinks soon whole lake has "
    "nearly same density a moderate wind then enough mix from top bottom so that oxygen reaches "
    "deep nutrients come up into light later further stable layer forms again can no longer what "
    "lives uses until turns over once more autumn because plants grow where fish insects birds "
    "measured sample river farmer field rain soil between nitrate algae bloom reed shore species"
)
TEXT = " ".join(
    WORDS.split()[sum(hashlib.sha256(b"%d" % at).digest()) % len(WORDS.split())]
    for at in range(2000)
)
"""Words in no order: packed, they take a third of their length; English takes a little more."""
TYPED_AT_ONCE = 12
"""Characters typed between two saves: two seconds of a quick writer."""


def http_request(
    method: str, path: str, *, cookie: str = "", ticket: str = "", body: bytes = b""
) -> bytes:
    """Return a request as a browser on keep-alive sends it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    lines += ["Accept-Language: en", "Sec-Fetch-Site: same-origin"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if ticket:
        lines.append(f"Authorization: Bearer {ticket}")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class SavingBrowser:
    """Types on in one essay between `shortest` and twice as many characters, and saves it."""

    attempt_id: str
    cookie: str
    shortest: int = 300
    item_id: str = "ESSAY"
    change_no: int = 0
    resend: bool = False
    ticket: str = ""

    def request(self) -> bytes | None:
        """Return the next save; after a lost one, the same change once more."""
        if not self.resend:
            self.change_no += 1
        self.resend = True
        length = self.shortest + (self.change_no * TYPED_AT_ONCE) % self.shortest
        body = json.dumps(
            {
                "changes": [
                    {
                        "no": self.change_no,
                        "kind": "response",
                        "item": self.item_id,
                        "response": "RESPONSE",
                        "value": TEXT[:length],
                        "flagged": False,
                        "age_ms": 40,
                    }
                ],
                "seen_messages": 0,
                "item": self.item_id,
                "battery_percent": 80,
                "unsent": 1,
            },
            separators=(",", ":"),
        )
        path = f"/api/v1/attempts/{self.attempt_id}/changes"
        return http_request(
            "POST", path, cookie=self.cookie, ticket=self.ticket, body=body.encode()
        )

    def answered(self, status: int, head: bytes, body: bytes) -> bool:
        """Say whether exactly this change is acknowledged."""
        del head
        self.resend = False
        if status != 200:
            return False
        start = body.find(b'"acknowledged":') + 15
        return int(body[start : body.index(b",", start)]) == self.change_no


@dataclass(slots=True)
class FollowingBrowser(SavingBrowser):
    """Tries to save one change, by its ticket, until the box that leads by now acknowledges it."""

    saved_at: float | None = None

    def request(self) -> bytes | None:
        """Return the save, or None once it is acknowledged."""
        return None if self.saved_at is not None else SavingBrowser.request(self)

    def answered(self, status: int, head: bytes, body: bytes) -> bool:
        """Note when it was acknowledged; until then the same change is sent again."""
        right = SavingBrowser.answered(self, status, head, body)
        if right:
            self.saved_at = time.perf_counter()
        self.resend = not right
        return right


@dataclass(slots=True)
class SigningInBrowser:
    """Shows its code; where `loads_exam`, then fetches the exam and all its media once."""

    code: str
    client_id: str
    loads_exam: bool = False
    attempt_id: str = ""
    cookie: str = ""
    ticket: str = ""
    acknowledged: int = 0
    queue: list[str] = field(default_factory=list)
    signed_in: bool = False
    loaded_bytes: int = 0

    def request(self) -> bytes | None:
        """Return the next request of the sequence."""
        if not self.signed_in:
            body = json.dumps({"code": self.code, "client": self.client_id}).encode()
            return http_request("POST", "/api/v1/sign-in", body=body)
        if not self.queue:
            return None
        return http_request("GET", self.queue[0], cookie=self.cookie)

    def answered(self, status: int, head: bytes, body: bytes) -> bool:
        """Take cookie, exam or media."""
        if status != 200:
            return False
        if not self.signed_in:
            return self._enter(head, body)
        path = self.queue.pop(0)
        self.loaded_bytes += len(body)
        if path.endswith("/exam"):
            found = json.loads(body)
            self.queue += found["exam"]["media"]
            return bool(found["exam"]["parts"])
        return len(body) > 0

    @property
    def finished(self) -> bool:
        """Say whether it has everything it came for."""
        return self.signed_in and not self.queue

    def _enter(self, head: bytes, body: bytes) -> bool:
        for line in head.decode("latin-1").split("\r\n"):
            if line.lower().startswith("set-cookie:"):
                self.cookie = line.split(":", 1)[1].strip().split(";", 1)[0]
        found = json.loads(body)
        self.attempt_id, self.ticket = found["attempt_id"], found["ticket"]
        self.acknowledged = found["standing"]["acknowledged"]
        self.signed_in = True
        if self.loads_exam:
            self.queue.append(f"/api/v1/attempts/{self.attempt_id}/exam")
        return bool(self.cookie)
