"""Real boxes for the benchmark: the tests' rig, with a room in which everybody writes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from appliance.rehearsal.browsers import SavingBrowser, SigningInBrowser
from appliance.rehearsal.load import Load, Result, Timing
from tests.rig.box_process import SITTING, BoxProcess, free_port

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_CHECK_IN = re.compile(r'action="/attempts/([0-9a-z]+)/check-in"')
SET_UP_SECONDS = 120
STOCK_LOOP = (sys.executable, "-m", "benchmarks.stock_loop")
ONE_COMMIT_EACH = (sys.executable, "-m", "benchmarks.one_commit_each")


@dataclass(slots=True)
class Room:
    """A box in whose room everybody has signed in and writes."""

    box: BoxProcess
    people: list[SigningInBrowser]

    def savers(self, count: int | None = None, *, shortest: int = 300) -> list[SavingBrowser]:
        """Return browsers that save, where the box's acknowledgements have come to."""
        return [
            SavingBrowser(one.attempt_id, one.cookie, shortest, change_no=one.acknowledged)
            for one in self.people[:count]
        ]

    def save(
        self,
        timing: Timing,
        count: int | None = None,
        *,
        shortest: int = 300,
        by_port: int | None = None,
    ) -> Result:
        """Let `count` people save, straight or by a proxy's port; remember how far each came."""
        savers = self.savers(count, shortest=shortest)
        result = Load(by_port or self.box.candidate_port, savers, timing).run()
        for person, saver in zip(self.people, savers, strict=False):
            person.acknowledged = saver.change_no - saver.resend
        return result

    def rehearse(self, port: int, timing: Timing, count: int) -> Result:
        """Send the same to something that saves nothing."""
        return Load(port, self.savers(count), timing).run()

    def restart(self, *prefix: str, environment: dict[str, str] | None = None) -> None:
        """Stop the box in order and start it under other circumstances."""
        self.box.terminate()
        self.box.environment = environment or {}
        self.box.start(*prefix)

    def catch_up(self) -> None:
        """Sign everybody in again, to learn how far each one's changes have come."""
        for person in self.people:
            person.signed_in = False
        for start in range(0, len(self.people), 16):
            some = self.people[start : start + 16]
            signed = Load(self.box.candidate_port, some, Timing(SET_UP_SECONDS)).run()
            assert signed.failures == 0, signed

    def memory_mb(self) -> tuple[float, float]:
        """Return what the exam server holds in memory now, and the most it ever held."""
        if self.box.process is None:
            return 0.0, 0.0
        status = Path(f"/proc/{self.box.process.pid}/status").read_text(encoding="ascii")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024


def open_writing_room(box: BoxProcess) -> Room:
    """Start the box, sign everybody in, check everybody in, start the exam."""
    box.start()
    staff = box.open_and_release()
    people = [SigningInBrowser(code, f"client{number:04}") for number, code in enumerate(box.codes)]
    room = Room(box, people)
    room.catch_up()
    page = staff.session.get(f"{box.staff_origin}/people", timeout=30).text
    token = _TOKEN.search(page)
    assert token is not None
    for at, attempt_id in enumerate(_CHECK_IN.findall(page)):
        answer = staff.session.post(
            f"{box.staff_origin}/attempts/{attempt_id}/check-in",
            data={"csrf_token": token.group(1), "seat": str(at + 1)},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code in {302, 303}, answer.status_code
    staff.start(SITTING)
    return room


@contextmanager
def bare_server() -> Iterator[int]:
    """Run the bare server; give its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare_server", str(port)], stdin=subprocess.PIPE
    )
    try:
        wait_until_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def wait_until_answers(port: int) -> None:
    """Wait until something answers at a port."""
    deadline = time.monotonic() + 20
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=2)
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
