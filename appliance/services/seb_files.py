"""Files of Safe Exam Browser for a sitting: asking for them, the links that fetch them, the files.

A link carries its end and a code under the sitting's own key, and needs nothing else: SEB fetches
it before anybody has signed in.  There is no list of links but on the staff pages.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.domain.decide.now import Now
from appliance.domain.errors import NotFoundError
from appliance.domain.locked_browser import LockedBrowser, RequireLockedBrowser
from appliance.domain.room import RoomState
from appliance.domain.states import SittingState
from appliance.formats.seb_container import write_seb_file
from appliance.formats.seb_exam import (
    Form,
    Seat,
    derived,
    exam_settings,
    opening_password,
    quit_password,
)
from appliance.formats.seb_settings import write_settings
from appliance.services.box import Box
from appliance.services.check_browser import seat_of
from appliance.services.peers import origin_of, room_origins
from appliance.services.room_tls import authority_path

LINK_HOURS = 24
CODE_CHARACTERS = 32
WHOLE_SITTING = "all"


class SebLinkUnfitError(NotFoundError):
    """The link is too old, incomplete, or of files that were made anew since."""

    key = "seb_link_unfit"
    staff_message = "This link has ended. Take the new one from the page “Safe Exam Browser”."
    candidate_message = "This link has ended. Please ask the invigilator for a new one."


@dataclass(frozen=True, slots=True)
class Wishes:
    """What staff choose about the files of a sitting."""

    browser_exam_keys: tuple[str, ...] = ()
    is_encrypted: bool = False
    is_watched: bool = False


def require_seb(box: Box, *, actor: str, sitting_id: str, wishes: Wishes) -> None:
    """Let a sitting be written in Safe Exam Browser only; files made before stop to fit.

    The key stays as long as SEB is asked for, and with it the passwords that staff noted down.
    """
    room = box.open_room()
    before = room.writer.look(lambda state, _now: state.sitting(sitting_id).locked_browser)
    own = origin_of(box)
    browser = LockedBrowser(
        key=before.key if before else secrets.token_hex(32),
        origins=(own, *(one for one in room_origins(box) if one != own)),
        authority=_authority(box),
        browser_exam_keys=wishes.browser_exam_keys,
        is_encrypted=wishes.is_encrypted,
        is_watched=wishes.is_watched,
    )
    room.writer.write(RequireLockedBrowser(actor, sitting_id, browser))


def allow_any_browser(box: Box, *, actor: str, sitting_id: str) -> None:
    """Let a sitting be written in any browser."""
    box.open_room().writer.write(RequireLockedBrowser(actor, sitting_id, None))


def _authority(box: Box) -> str:
    """Return the root of the site's authority as base64 of DER, or nothing where there is none."""
    path = authority_path(box.settings.data_dir)
    if not path.exists():
        return ""
    root = x509.load_pem_x509_certificate(path.read_bytes())
    return base64.b64encode(root.public_bytes(Encoding.DER)).decode("ascii")


@dataclass(frozen=True, slots=True)
class SeatLink:
    """One link, and whom it is for."""

    place: str
    number: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class SittingFiles:
    """A sitting and its files; without `browser` any browser will do.

    `is_outdated`: a box has joined or taken over since, and computers would not find it.
    """

    sitting_id: str
    title: str
    is_over: bool
    browser: LockedBrowser | None
    link: str = ""
    seats: tuple[SeatLink, ...] = ()
    quit_password: str = ""
    opening_password: str | None = None
    is_outdated: bool = False


def show_files(box: Box) -> list[SittingFiles]:
    """Return every sitting of the room with the links to its files."""
    ends_at_minute = box.clock.wall_ms() // 60_000 + LINK_HOURS * 60
    origins = {origin_of(box), *room_origins(box)}

    def see(state: RoomState, _now: Now) -> list[SittingFiles]:
        return [_files(state, sitting_id, ends_at_minute, origins) for sitting_id in state.sittings]

    return box.open_room().writer.look(see)


def _files(
    state: RoomState, sitting_id: str, ends_at_minute: int, origins: set[str]
) -> SittingFiles:
    sitting = state.sitting(sitting_id)
    is_over = sitting.state in {SittingState.ENDED, SittingState.SEALED}
    browser = sitting.locked_browser
    if browser is None:
        return SittingFiles(sitting_id, sitting.title, is_over, None)
    return SittingFiles(
        sitting_id=sitting_id,
        title=sitting.title,
        is_over=is_over,
        browser=browser,
        link=_link(browser, Seat(sitting_id), ends_at_minute),
        seats=tuple(
            SeatLink(
                one.seat or "",
                one.number,
                one.name,
                _link(browser, seat_of(one), ends_at_minute),
            )
            for one in state.attempts_of(sitting_id)
        ),
        quit_password=quit_password(browser),
        opening_password=opening_password(browser),
        is_outdated=set(browser.origins) != origins,
    )


def _link(browser: LockedBrowser, seat: Seat, ends_at_minute: int) -> str:
    """Return the address with which SEB fetches a file: sebs: stands for https:, seb: for http:."""
    path = f"/seb/file/{seat.sitting_id}/{seat.attempt_id or WHOLE_SITTING}/{ends_at_minute}"
    origin = browser.origins[0].replace("http", "seb", 1)
    return f"{origin}{path}/{_code(browser, seat, ends_at_minute)}/exam.seb"


def _code(browser: LockedBrowser, seat: Seat, ends_at_minute: int) -> str:
    return derived(browser, f"link {seat.name} {ends_at_minute}").hex()[:CODE_CHARACTERS]


def fetch_file(box: Box, seat: Seat, *, ends_at_minute: int, code: str) -> bytes:
    """Return the file that a link names; raises SebLinkUnfitError."""
    browser, seat = _browser_and_seat(box, seat)
    fits = hmac.compare_digest(code.encode(), _code(browser, seat, ends_at_minute).encode())
    if not fits or box.clock.wall_ms() // 60_000 > ends_at_minute:
        raise SebLinkUnfitError
    return _file(browser, seat, "file", password=opening_password(browser))


def given_file(box: Box, seat: Seat) -> bytes:
    """Return the settings that a client gets which has signed in at the box."""
    browser, seat = _browser_and_seat(box, seat)
    return _file(browser, seat, "given", password=None)


def _browser_and_seat(box: Box, named: Seat) -> tuple[LockedBrowser, Seat]:
    """Return what the sitting asks for, and the seat with its accommodations."""

    def see(state: RoomState, _now: Now) -> tuple[LockedBrowser | None, Seat]:
        sitting = state.sittings.get(named.sitting_id)
        attempt = state.attempts.get(named.attempt_id)
        if sitting is None or (named.attempt_id and attempt is None):
            return None, named
        return sitting.locked_browser, seat_of(attempt) if attempt else named

    browser, seat = box.open_room().writer.look(see)
    if browser is None or seat.sitting_id != named.sitting_id:
        raise SebLinkUnfitError
    return browser, seat


def _file(browser: LockedBrowser, seat: Seat, form: Form, *, password: str | None) -> bytes:
    return write_seb_file(write_settings(exam_settings(browser, seat, form)), password=password)
