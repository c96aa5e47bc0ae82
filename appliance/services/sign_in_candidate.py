"""Signing a candidate in: a personal code, then a cookie."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.errors import NotFoundError
from appliance.domain.room import RoomState
from appliance.formats.candidate_code import hash_candidate_code
from appliance.formats.rescue_file import rescue_key
from appliance.platform.ids import new_token
from appliance.services.box import Box
from appliance.services.check_browser import check_browser
from appliance.services.room import SignedIn, hash_token
from appliance.services.shown_hashes import Shown


class CodeUnknownError(NotFoundError):
    """Nobody in this room has that code."""

    key = "code_unknown"
    staff_message = "Nobody in this room has that code."
    candidate_message = "This code does not belong to this room. Please check it, or ask for help."


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in: the token for the cookie, whom it stands for, and what seals rescued work."""

    token: str
    signed_in: SignedIn
    rescue_key: bytes


def sign_in_candidate(
    box: Box, *, code: str, client_id: str, shown: tuple[Shown, ...] = ()
) -> SignIn:
    """Sign a browser in.

    Raises CandidateCodeMistypedError, CodeUnknownError, what the attempt's state refuses, and where
    the sitting asks for Safe Exam Browser what `check_browser` raises.
    """
    room = box.open_room()
    keys = {hash_candidate_code(key, code): key for key in box.store.code_keys()}

    def find(state: RoomState, _now: Now) -> tuple[str, bytes] | None:
        # Looked up, not compared in constant time: what is compared is an HMAC, under a key that
        # only centre and box have, of a code with 60 random bits.  How long it takes could tell
        # something about that HMAC, which nobody outside can choose or use.
        for attempt in state.attempts.values():
            if attempt.code_hash in keys:
                return attempt.attempt_id, keys[attempt.code_hash]
        return None

    found = room.writer.look(find)
    if found is None:
        raise CodeUnknownError
    attempt_id, code_key = found
    check_browser(box, SignedIn(attempt_id, client_id), shown)
    token = new_token()
    command = c.SignInCandidate("candidate", attempt_id, client_id, hash_token(token))
    room.writer.write(command)
    signed_in = SignedIn(attempt_id, client_id)
    room.sign_ins[hash_token(token)] = signed_in
    return SignIn(token, signed_in, rescue_key(code_key, attempt_id))
