"""A simulated candidate: speaks the candidate protocol and writes as a person might.

docs/candidate-protocol.md is all it knows of the box; which item wants which kind of response it
takes from the exam it is given.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from appliance.domain import exams
from provisioning.demo.http import CALL_SECONDS, LoopbackSession

ESSAY = (
    "In early spring the ice melts and the water at the surface is close to zero degrees. It is "
    "lighter than the water below, which holds about four degrees. As the sun warms the surface "
    "towards four degrees it becomes denser and sinks, and soon the whole lake has nearly the "
    "same density. A moderate wind is then enough to mix it from top to bottom, so that oxygen "
    "reaches the deep water and nutrients come up into the light. Later the surface warms further "
    "and a stable layer forms again, which the wind can no longer mix. What lives at the bottom "
    "then uses up the oxygen until the lake turns over once more in autumn. "
)
WORDS_AT_ONCE = 4


@dataclass(slots=True)
class SimulatedCandidate:
    """One of them.  `run` returns when `stop` is set or the attempt is handed in."""

    origin: str
    code: str
    client_id: str
    exam: exams.Exam
    seed: int
    stop: threading.Event
    session: requests.Session = field(default_factory=LoopbackSession)
    attempt_id: str = ""
    next_no: int = 1
    standing: dict[str, Any] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Show the code; go on with the numbers after what the box has."""
        answer = self.session.post(
            f"{self.origin}/api/v1/sign-in",
            json={"code": self.code, "client": self.client_id},
            timeout=CALL_SECONDS,
        )
        answer.raise_for_status()
        body = answer.json()
        self.attempt_id = body["attempt_id"]
        self.standing = body["standing"]
        self.next_no = self.standing["acknowledged"] + 1

    def run(self) -> None:
        """Sign in, wait for the start, then write item after item, again and again."""
        chance = random.Random(self.seed)  # noqa: S311 - a performance, not a secret
        while not self.stop.is_set():
            try:
                if not self.attempt_id:
                    self.sign_in()
                self._write_for_a_while(chance)
            except requests.RequestException:
                self._look_for_the_box_that_leads()
                self.stop.wait(1 + chance.random())

    def _look_for_the_box_that_leads(self) -> None:
        """Go on at another box of the room when that one leads now."""
        for origin in self.standing.get("boxes", []):
            with contextlib.suppress(requests.RequestException, ValueError):
                view = self.session.get(f"{origin}/api/v1/box", timeout=CALL_SECONDS).json()
                if view["leads"] and origin != self.origin:
                    self.origin, self.attempt_id = origin, ""
                    return

    def _write_for_a_while(self, chance: random.Random) -> None:
        items = [one for one in self.exam.items() if one.interactions]
        pace = 3 + chance.random() * 5
        for item in items[chance.randrange(3) :]:
            for interaction in item.interactions:
                for value in _values(interaction, chance):
                    self._wait_until_writing(chance)
                    if self.stop.wait(pace * (0.5 + chance.random())):
                        return
                    self.save(item.item_id, interaction.response_id, value)
        while not self.stop.wait(4 + chance.random() * 2):
            self.exchange([])

    def _wait_until_writing(self, chance: random.Random) -> None:
        while not self.stop.is_set():
            running = self.standing.get("sitting_state") == "running"
            if running and self.standing.get("attempt_state") == "writing":
                return
            if self.stop.wait(2 + chance.random()):
                return
            self.exchange([])

    def save(self, item_id: str, response_id: str, value: object) -> None:
        """Save one response and wait until it is acknowledged."""
        change = {
            "no": self.next_no,
            "kind": "response",
            "item": item_id,
            "response": response_id,
            "value": value,
            "age_ms": 0,
        }
        self.exchange([change], item_id)
        self.next_no = self.standing["acknowledged"] + 1

    def exchange(self, changes: list[dict[str, Any]], item_id: str = "") -> None:
        """Call the box once."""
        answer = self.session.post(
            f"{self.origin}/api/v1/attempts/{self.attempt_id}/changes",
            json={"changes": changes, "item": item_id, "seen_messages": 0},
            timeout=CALL_SECONDS,
        )
        if answer.status_code == 401:
            self.sign_in()
            return
        answer.raise_for_status()
        self.standing = answer.json()


def _values(  # noqa: PLR0911 - one line for each kind of interaction
    interaction: exams.Interaction, chance: random.Random
) -> list[object]:
    """Return one or, for a text, several values that a candidate could give, one after another."""
    match interaction:
        case exams.ExtendedText(text_format=form):
            words = ESSAY.split()
            count = chance.randrange(40, len(words))
            texts = [" ".join(words[:end]) for end in range(WORDS_AT_ONCE, count, WORDS_AT_ONCE)]
            rich = form is exams.TextFormat.RICH
            return [f"<p>{text}</p>" if rich else text for text in texts]
        case exams.TextEntry(base_type="string"):
            return ["phytoplankton"]
        case exams.TextEntry():
            return [str(chance.randrange(1, 40))]
        case exams.Choice(options=options, choices_max=1) | exams.InlineChoice(options=options):
            return [chance.choice(options).option_id]
        case exams.Choice(options=options):
            return [[one.option_id for one in chance.sample(options, 2)]]
        case exams.Order(options=options):
            return [[one.option_id for one in chance.sample(options, len(options))]]
        case exams.Match(rows=rows, columns=columns):
            return [[f"{row.option_id} {chance.choice(columns).option_id}" for row in rows]]
        case exams.GapMatch(chips=chips, gap_ids=gaps):
            pairs = zip(chance.sample(chips, min(len(chips), len(gaps))), gaps, strict=False)
            return [[f"{chip.option_id} {gap}" for chip, gap in pairs]]
        case _:
            return []


def start_candidates(candidates: list[SimulatedCandidate]) -> list[threading.Thread]:
    """Let them begin, each in a thread of its own, not all in step."""
    threads = []
    for candidate in candidates:
        thread = threading.Thread(target=candidate.run, daemon=True)
        thread.start()
        threads.append(thread)
        time.sleep(0.05)
    return threads
