"""Whether a request comes from Safe Exam Browser with the settings of its sitting.

It decides who signs in and who is given the exam.  It never decides about a save: work is worth
more than a lock, and staff see who writes without (`who_writes_outside`).
What it proves is the settings, not the client: docs/operating/safe-exam-browser.md says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from appliance.domain.decide.now import Now
from appliance.domain.errors import RefusedError
from appliance.domain.locked_browser import LockedBrowser
from appliance.domain.room import Attempt, RoomState
from appliance.domain.states import AttemptState
from appliance.formats.seb_exam import Form, Seat, config_key_of
from appliance.formats.seb_settings import is_request_hash
from appliance.services.box import Box
from appliance.services.page_nonces import is_nonce
from appliance.services.peers import origin_of
from appliance.services.room import SignedIn
from appliance.services.shown_hashes import Shown

SPELL_CHECKER = "spell-checker-on-screen"
QUERY_FIELDS_MAX = 8
FORMS: tuple[Form, ...] = ("file", "given")


class LockedBrowserMissingError(RefusedError):
    """The sitting is for Safe Exam Browser, and this browser shows nothing of it."""

    key = "locked_browser_missing"
    staff_message = "This exam is written in Safe Exam Browser. Open the exam's file there."
    candidate_message = (
        "This exam is written in Safe Exam Browser. Please ask the invigilator to open it for you."
    )


class LockedBrowserUnfitError(RefusedError):
    """It is Safe Exam Browser with other settings, of another exam, or for somebody else."""

    key = "locked_browser_unfit"
    staff_message = (
        "That Safe Exam Browser was opened with another file than this candidate's. Quit it, and "
        "open the file of this exam anew."
    )
    candidate_message = (
        "Safe Exam Browser was opened with another file than yours. Please ask the invigilator."
    )


class PageElsewhereError(RefusedError):
    """Another browser has shown this page's proof before."""

    key = "page_elsewhere"
    staff_message = (
        "Another computer has used that page already. Quit Safe Exam Browser, and open the file of "
        "the exam anew."
    )
    candidate_message = (
        "This page was opened on another computer before. Please ask the invigilator to open "
        "Safe Exam Browser anew."
    )


def seat_of(attempt: Attempt) -> Seat:
    """Return the seat whose file is an attempt's own."""
    may_spell_check = any(one.name == SPELL_CHECKER for one in attempt.accommodations)
    return Seat(attempt.sitting_id, attempt.attempt_id, may_spell_check)


def check_browser(box: Box, signed_in: SignedIn, shown: tuple[Shown, ...]) -> None:
    """Raise LockedBrowserMissingError, LockedBrowserUnfitError or PageElsewhereError if needed."""
    room = box.open_room()

    def see(state: RoomState, _now: Now) -> tuple[LockedBrowser | None, Seat]:
        attempt = state.attempt(signed_in.attempt_id)
        return state.sitting(attempt.sitting_id).locked_browser, seat_of(attempt)

    browser, seat = room.writer.look(see)
    if browser is None:
        return
    if not shown:
        raise LockedBrowserMissingError
    proof = fitting(browser, seat, shown, origin=origin_of(box))
    if proof is None:
        raise LockedBrowserUnfitError
    nonce = own_nonce(browser, proof.url) if proof.is_by_page else None
    if nonce and not room.page_nonces.use(nonce, signed_in.client_id):
        raise PageElsewhereError


def fitting(
    browser: LockedBrowser, seat: Seat, shown: Iterable[Shown], *, origin: str
) -> Shown | None:
    """Return what proves the settings of `seat`, or of its whole sitting; headers come first."""
    for one in shown:
        url = one.url if one.is_by_page else origin + one.url
        if one.is_by_page and own_nonce(browser, url) is None:
            continue
        if _has_config_key(browser, seat, one, url) and _has_exam_key(browser, one, url):
            return one
    return None


def _has_config_key(browser: LockedBrowser, seat: Seat, one: Shown, url: str) -> bool:
    keys = [
        config_key_of(browser, whom, form)
        for whom in (seat, Seat(seat.sitting_id))
        for form in FORMS
    ]
    # All of them are compared, so that how long it takes does not say which fits.
    return sum(is_request_hash(one.config_key_hash, url, key) for key in keys) > 0


def _has_exam_key(browser: LockedBrowser, one: Shown, url: str) -> bool:
    keys = browser.browser_exam_keys
    return not keys or sum(is_request_hash(one.exam_key_hash, url, key) for key in keys) > 0


def own_nonce(browser: LockedBrowser, url: str) -> str | None:
    """Return the nonce of a page that a box of this room gave for this sitting, or None."""
    try:
        page = urlsplit(url)
        nonce = parse_qs(page.query, max_num_fields=QUERY_FIELDS_MAX).get("seb", [""])[0]
    except ValueError:
        return None
    ours = f"{page.scheme}://{page.netloc}" in browser.origins and page.path == "/"
    return nonce if ours and is_nonce(browser, nonce) else None


def who_writes_outside(box: Box) -> list[str]:
    """Return the seats, or numbers, of those who write and show no proof of their settings."""
    room = box.room
    if room is None:
        return []
    contacts = room.presence.snapshot()

    def see(state: RoomState, _now: Now) -> list[tuple[LockedBrowser, Seat, str]]:
        found = []
        for attempt in state.attempts.values():
            browser = state.sitting(attempt.sitting_id).locked_browser
            if browser and attempt.state is AttemptState.WRITING:
                found.append((browser, seat_of(attempt), attempt.seat or attempt.number))
        return found

    origin = origin_of(box)
    outside = []
    for browser, seat, place in room.writer.look(see):
        contact = contacts.get(seat.attempt_id)
        # One that has not been heard since a restart has shown nothing yet, and says nothing.
        if contact is None or not contact.client_id:
            continue
        if fitting(browser, seat, contact.shown, origin=origin) is None:
            outside.append(place)
    return sorted(outside)
