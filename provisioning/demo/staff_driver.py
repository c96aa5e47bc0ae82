"""What an invigilator does in the browser, done by the demo: the same pages, the same forms."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import requests

from provisioning.demo.http import CALL_SECONDS, LoopbackSession
from provisioning.demo.processes import ProcessFailedError

MAILBOX_SECONDS = 60
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_CHECK_IN = re.compile(r'action="/attempts/([0-9a-z]+)/check-in"')
_SITTING = re.compile(r'name="sitting_id" value="([^"]+)"')


@dataclass(slots=True)
class StaffDriver:
    """Somebody at the staff pages."""

    origin: str
    session: requests.Session = field(default_factory=LoopbackSession)

    def _get(self, path: str) -> str:
        answer = self.session.get(f"{self.origin}{path}", timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.text

    def _post(self, page: str, path: str, **fields: str) -> str:
        """Fill in a form of `page`; return what comes after it."""
        answer = self._send(self._get(page), path, **fields)
        if answer.next is not None:
            return self._get(answer.next.path_url)
        return answer.text

    def _send(self, page: str, path: str, **fields: str) -> requests.Response:
        """Send a form of the page that was read; its token comes along as in a browser."""
        token = _TOKEN.search(page)
        if token is None:
            raise ProcessFailedError(f"There is no form for {path}.")
        answer = self.session.post(
            f"{self.origin}{path}",
            data={"csrf_token": token.group(1), **fields},
            timeout=CALL_SECONDS,
            allow_redirects=False,
        )
        answer.raise_for_status()
        return answer

    def wait_for_mailbox(self, staff_id: str) -> None:
        """Wait until the staff list has come from the centre."""
        deadline = time.monotonic() + MAILBOX_SECONDS
        while f'value="{staff_id}"' not in self._get("/sign-in"):
            if time.monotonic() > deadline:
                raise ProcessFailedError("The box did not get the exam from the centre.")
            time.sleep(0.3)

    def sign_in(self, staff_id: str, pin: str) -> None:
        """Sign in with name and PIN."""
        self._post("/sign-in", "/sign-in", staff_id=staff_id, secret=pin)

    def open_room(self) -> None:
        """Open the room, once roster and package are here."""
        deadline = time.monotonic() + MAILBOX_SECONDS
        page = self._get("/prepare")
        while "tag safe" not in page:
            if time.monotonic() > deadline:
                raise ProcessFailedError("The exam package did not reach the box.")
            time.sleep(0.3)
            page = self._get("/prepare")
        sitting = _SITTING.search(page)
        if sitting is None:
            raise ProcessFailedError("The centre sent no sitting.")
        self._post("/prepare", "/prepare", sitting_id=sitting.group(1))

    def release(self, sitting_id: str, code: str) -> None:
        """Enter the release code."""
        self._post("/room", f"/sittings/{sitting_id}/release", code=code)

    def check_in_who_waits(self) -> int:
        """Check in everybody who is signed in at a computer; return how many."""
        waiting = 0
        page = self._get("/people")
        for row in page.split("<tr>"):
            found = _CHECK_IN.search(row)
            if found and "tag wait" in row:
                seat = re.search(r'name="seat"[^>]* value="([^"]*)"', row)
                # The page is not read again for each of them: for a full room it is a long one.
                self._send(
                    page,
                    f"/attempts/{found.group(1)}/check-in",
                    seat=seat.group(1) if seat else "",
                )
                waiting += 1
        return waiting

    def start(self, sitting_id: str) -> None:
        """Start the exam."""
        self._post("/room", f"/sittings/{sitting_id}/start")

    def read(self, path: str) -> str:
        """Return a page as it is."""
        return self._get(path)

    def take_over(self) -> None:
        """Let this box lead the room that it follows."""
        self._post("/standby", "/standby/take-over")

    def room_is_open(self) -> bool:
        """Say whether a room session is open."""
        answer = self.session.get(f"{self.origin}/", timeout=CALL_SECONDS)
        return answer.url.endswith("/room")
