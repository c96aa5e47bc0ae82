"""Safe Exam Browsers that report to the box as to a SEB Server: docs/seb.md is the specification.

Nothing is remembered of a client but what staff see of it: its two tokens carry all that has to be
known, under the sitting's key.  So a restart, or a box that takes over, does not disturb it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from appliance.domain import commands as c
from appliance.domain.errors import RefusedError
from appliance.domain.locked_browser import LockedBrowser
from appliance.formats.seb_exam import Seat, client_secret, derived, start_path
from appliance.platform.ids import new_id
from appliance.services.box import Box
from appliance.services.seb_orders import Order
from appliance.services.workstations import Report

TOKEN_MAX_CHARACTERS = 600
TOLD_MAX_CHARACTERS = 60
CODE_CHARACTERS = 32
_CONFIRMED_AS = {"hand": "raisehand", "lock_screen": "lockscreen"}
_TAGS = {"<raisehand>": "hand", "<lockscreen>": "lock_screen"}


class SebClientUnknownError(RefusedError):
    """Not a client of a file of this room."""

    key = "seb_client_unknown"
    staff_message = (
        "A Safe Exam Browser tried to report with a file that is not of this room now. Quit it "
        "there, and open the file of the exam anew."
    )


@dataclass(frozen=True, slots=True)
class SebConnection:
    """One client: whose file it opened (see `Seat.name`), and what it said of itself."""

    seat_name: str
    workstation_id: str
    version: str
    name: str


def _asked(box: Box, seat_name: str) -> LockedBrowser:
    """Return what the sitting of a client asks of browsers; raises SebClientUnknownError."""
    browser = box.open_room().writer.locked_browser(_seat(seat_name).sitting_id)
    if browser is None or not browser.is_watched:
        raise SebClientUnknownError
    return browser


def _seat(seat_name: str) -> Seat:
    sitting_id, _, attempt_id = seat_name.rpartition(".")
    return Seat(sitting_id, attempt_id)


def access_token(box: Box, seat_name: str, secret: str) -> str:
    """Return the token for a client that shows its file's secret; raises SebClientUnknownError.

    It ends with the files: a client whose token ran out during an exam would be lost to staff.
    """
    browser = _asked(box, seat_name)
    expected = client_secret(browser, _seat(seat_name))
    if not hmac.compare_digest(secret.encode(), expected.encode()):
        raise SebClientUnknownError
    return _signed(browser, "access", [seat_name])


def seat_name_of(box: Box, token: str) -> str:
    """Return whose file a client with this access token opened; raises SebClientUnknownError."""
    (seat_name,) = _read(box, "access", token, count=1)
    return seat_name


def connect(box: Box, seat_name: str, *, version: str, name: str) -> tuple[str, dict[str, str]]:
    """Return the token of a new connection, and the exam it is for."""
    browser, seat = _asked(box, seat_name), _seat(seat_name)
    connection = SebConnection(seat_name, new_id(16), version, name)
    title = box.open_room().writer.look(lambda state, _now: state.sitting(seat.sitting_id).title)
    start = browser.origins[0] + start_path(browser, seat.sitting_id)
    exam = {
        "examId": seat.sitting_id,
        "name": title,
        "url": f"{start}?workstation={connection.workstation_id}",
        "lmsType": "EXAMROOM",
    }
    return _signed(browser, "connection", list(asdict(connection).values())), exam


def connection_of(box: Box, token: str) -> SebConnection:
    """Return the connection that a token stands for; raises SebClientUnknownError."""
    return SebConnection(*_read(box, "connection", token, count=4))


def _signed(browser: LockedBrowser, purpose: str, values: list[str]) -> str:
    text = json.dumps(values, separators=(",", ":")).encode()
    body = base64.urlsafe_b64encode(text).decode("ascii")
    return f"{body}.{_code(browser, purpose, body)}"


def _code(browser: LockedBrowser, purpose: str, body: str) -> str:
    return derived(browser, f"{purpose} {body}").hex()[:CODE_CHARACTERS]


def _read(box: Box, purpose: str, token: str, *, count: int) -> list[str]:
    """Return the values of a token that a box of this room signed."""
    if len(token) > TOKEN_MAX_CHARACTERS:
        raise SebClientUnknownError
    body, _, code = token.partition(".")
    try:
        values = json.loads(base64.urlsafe_b64decode(body.encode("ascii")))
    except (binascii.Error, ValueError, RecursionError) as problem:
        raise SebClientUnknownError from problem
    # Whose key it is under has to be read before it can be checked; nothing else is used till then.
    seat_name = values[0] if isinstance(values, list) and len(values) == count else None
    if not isinstance(seat_name, str):
        raise SebClientUnknownError
    expected = _code(_asked(box, seat_name), purpose, body)
    if not hmac.compare_digest(code.encode(), expected.encode()):
        raise SebClientUnknownError
    return [str(one) for one in values]


def ping(
    box: Box, connection: SebConnection, *, address: str, confirmed: str
) -> dict[str, Any] | None:
    """Note that a client is there; return what it is to do, if anything.

    Raises TooManyWorkstationsError.
    """
    at = connection.workstation_id
    wanted = _heard(box, connection, _report(box, connection), address)
    if confirmed:
        box.seb_orders.confirmed(at, confirmed)
    if wanted.release:
        return Order("SEB_QUIT").as_json()
    if box.seb_orders.has_asked(at, "hand") and _was_helped(box, at):
        settle(box, at, "hand")
    order = box.seb_orders.next_order(at)
    return None if order is None else order.as_json()


def _heard(box: Box, connection: SebConnection, report: Report, address: str) -> Any:
    return box.workstations.heard(
        connection.workstation_id, report, address=address, now_ms=box.clock.monotonic_ms()
    )


def _report(box: Box, connection: SebConnection) -> Report:
    known = box.workstations.report_of(connection.workstation_id)
    return known or Report(kind="seb", version=connection.version, name=connection.name)


def note_told(
    box: Box, connection: SebConnection, *, kind: str, text: str, number: int, address: str
) -> None:
    """Note what a client logs, as far as staff need it: battery, Wi-Fi, a hand, its lock screen."""
    report, at = _report(box, connection), connection.workstation_id
    tag = text.strip().partition(" ")[0].lower()
    what = _TAGS.get(tag)
    if tag == "<battery>" and 0 <= number <= 100:
        report = replace(report, battery_percent=number)
    elif tag == "<wlan>" and 0 <= number <= 100:
        report = replace(report, network="wlan", wireless_percent=number)
    elif kind == "NOTIFICATION" and what is not None:
        box.seb_orders.asks(at, what, str(number))
        report = replace(report, asks=tuple(dict.fromkeys((*report.asks, what))))
    elif kind == "NOTIFICATION_CONFIRMED":
        report = replace(report, asks=())
        box.seb_orders.settled(at, "hand")
        box.seb_orders.settled(at, "lock_screen")
    _heard(box, connection, report, address)
    attempt_id = _attempt_at(box, at)
    if attempt_id and (what == "hand" or kind == "NOTIFICATION_CONFIRMED"):
        wanted = kind == "NOTIFICATION"
        box.open_room().writer.write(c.AskForHelp("candidate", attempt_id, wanted))


def _attempt_at(box: Box, workstation_id: str) -> str | None:
    """Return the attempt whose page said that it is there."""
    for attempt_id, contact in box.open_room().presence.snapshot().items():
        if contact.workstation_id == workstation_id:
            return attempt_id
    return None


def _was_helped(box: Box, workstation_id: str) -> bool:
    attempt_id = _attempt_at(box, workstation_id)
    if attempt_id is None:
        return False
    attempt = box.open_room().writer.look(lambda state, _now: state.attempt(attempt_id))
    return attempt.help_asked_at_ms is None


def lock(box: Box, workstation_id: str, *, message: str) -> None:
    """Have a client show its lock screen with a message."""
    order = Order("SEB_FORCE_LOCK_SCREEN", {"message": message[:TOLD_MAX_CHARACTERS]})
    box.seb_orders.give(workstation_id, order)


def settle(box: Box, workstation_id: str, what: str) -> None:
    """Tell a client that what it asks (hand, lock_screen) is settled."""
    number = box.seb_orders.settled(workstation_id, what)
    if number is None:
        return
    attributes = {"type": _CONFIRMED_AS[what], "id": number}
    box.seb_orders.give(workstation_id, Order("NOTIFICATION_CONFIRM", attributes))
    box.workstations.settled(workstation_id, what)


def disconnect(box: Box, connection: SebConnection) -> None:
    """Forget a client that ends."""
    box.workstations.forget(connection.workstation_id)
    box.seb_orders.forget(connection.workstation_id)
