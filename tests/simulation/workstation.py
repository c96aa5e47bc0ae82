"""A workstation of the simulation: docs/candidate-protocol.md and nothing more.

The page's own JavaScript plays the same part in `page_under_node.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.network import Answer, Lost, Network
from tests.simulation.promises import Promises
from tests.simulation.world import World

LOOK_AFTER_FAILURES = 2
ITEMS = ("ESSAY", "LETTER", "WORD")


@dataclass(slots=True)
class Workstation:
    """One browser of one candidate.  What it keeps survives its crashes, as IndexedDB does."""

    name: str
    code: str
    client_id: str
    world: World
    network: Network
    promises: Promises
    home: str
    attempt_id: str = ""
    ticket: str = ""
    cookie: str = ""
    place: str = ""
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    acknowledged: int = 0
    last_no: int = 0
    made: dict[int, tuple[str, str]] = field(default_factory=dict)
    boxes: list[str] = field(default_factory=list)
    epoch: int = 0
    proof: str | None = None
    standing: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    is_dead: bool = False
    is_writing: bool = True

    @property
    def unsent(self) -> list[dict[str, Any]]:
        """Return what the box has not acknowledged, in order."""
        return [one for no, one in sorted(self.kept.items()) if no > self.acknowledged]

    def _ask(self, host: str, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Content-Type": "application/json"}
        if host == self.home and self.cookie:
            headers["Cookie"] = self.cookie
        elif self.ticket:
            headers["Authorization"] = f"Bearer {self.ticket}"
            headers["Origin"] = f"http://{self.home}"
            headers["Sec-Fetch-Site"] = "cross-site"
        data = b"" if body is None else json.dumps(body).encode()
        return self.network.request(self.name, host, method, path, data=data, headers=headers)

    def sign_in(self) -> None:
        """Show the code to the box that should serve."""
        host = self.place or self.home
        try:
            answer = self._ask(
                host, "POST", "/api/v1/sign-in", {"code": self.code, "client": self.client_id}
            )
        except Lost:
            self._missed()
            return
        if answer.status != 200:
            self._missed(answer)
            return
        me = json.loads(answer.data)
        self.attempt_id, self.ticket = me["attempt_id"], me["ticket"]
        self.cookie = answer.headers["Set-Cookie"].split(";")[0] if host == self.home else ""
        self._take(host, me["standing"])

    def write(self, item: str, value: str) -> None:
        """Keep a change; it is sent with the next exchange."""
        self.last_no += 1
        self.made[self.last_no] = (item, value)
        self.kept[self.last_no] = {
            "no": self.last_no,
            "kind": "response",
            "item": item,
            "response": "RESPONSE",
            "value": value,
            "made_ms": self.world.now_ms,
        }

    def exchange(self) -> None:
        """Send the oldest that is unsent; forget nothing by sending it."""
        if self.is_dead:
            return
        if not self.attempt_id:
            self.sign_in()
            return
        host = self.place or self.home
        batch = self.unsent[:50]
        changes = [
            {name: value for name, value in one.items() if name != "made_ms"}
            | {"age_ms": self.world.now_ms - one["made_ms"]}
            for one in batch
        ]
        path = f"/api/v1/attempts/{self.attempt_id}/changes"
        self.sent(batch)
        try:
            answer = self._ask(host, "POST", path, self._body(changes))
        except Lost:
            self._missed()
            return
        if answer.status == 401:
            self.sign_in()
        elif answer.status != 200:
            self._missed(answer)
        else:
            self._take(host, json.loads(answer.data))

    def _body(self, changes: list[dict[str, Any]]) -> dict[str, Any]:
        oldest = min(self.kept, default=self.last_no + 1)
        return {"changes": changes, "unsent": len(self.unsent), "oldest": oldest}

    def sent(self, batch: list[dict[str, Any]]) -> None:
        """Note that a batch is on its way: nothing follows from that."""

    def _take(self, host: str, standing: dict[str, Any]) -> None:
        self.failures = 0
        self.standing = standing
        self.promises.told(self, host, standing)
        self.epoch = max(self.epoch, standing["epoch"])
        self.boxes = sorted({*self.boxes, *(_host(one) for one in standing["boxes"])})
        self.acknowledged = standing["acknowledged"]
        self.last_no = max(self.last_no, self.acknowledged)
        self.forget(standing)

    def forget(self, standing: dict[str, Any]) -> None:
        """Forget what is in two places."""
        for no in [no for no in self.kept if no <= standing["copied"]]:
            del self.kept[no]

    def _missed(self, answer: Answer | None = None) -> None:
        self.failures += 1
        overtaken = answer is not None and b'"overtaken"' in answer.data
        if overtaken or (answer is None and self.failures >= LOOK_AFTER_FAILURES):
            self._find_box()

    def _find_box(self) -> None:
        """Look for the box that leads the highest epoch, and show the others who it is."""
        views = []
        hosts = sorted({self.home, *self.boxes})
        for host in hosts:
            try:
                views.append(json.loads(self._ask(host, "GET", "/api/v1/box").data))
            except Lost:
                continue
            leader = _host(views[-1]["leader"])
            if leader and leader not in hosts:
                hosts.append(leader)  # it joined later, and only they know of it
        leaders = sorted((one for one in views if one["leads"]), key=lambda one: -one["epoch"])
        if leaders and leaders[0]["epoch"] >= self.epoch:
            self.epoch, self.proof = leaders[0]["epoch"], leaders[0]["proof"]
            self.place = _host(leaders[0]["origin"])
            self.failures = 0
            leaders = leaders[1:]
        for older in leaders if self.proof else []:
            self._show_proof(_host(older["origin"]))

    def _show_proof(self, host: str) -> None:
        proof = (self.proof or "").encode()
        headers = {"Authorization": f"Bearer {self.ticket}"}
        try:
            self.network.request(
                self.name, host, "POST", "/api/v1/box/epoch-proof", data=proof, headers=headers
            )
        except Lost:
            return

    def die(self) -> None:
        """Never come back, disk and all."""
        self.is_dead = True
        self.world.note(f"{self.name} is dead, {len(self.unsent)} unsent")


def _host(origin: str) -> str:
    return origin.removeprefix("http://").rstrip("/")
