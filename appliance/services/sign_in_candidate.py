"""Signing a candidate in: a personal code, then a cookie."""

from __future__ import annotations

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.errors import NotFoundError
from appliance.domain.room import RoomState
from appliance.formats.candidate_code import hash_candidate_code
from appliance.platform.ids import new_token
from appliance.services.box import Box
from appliance.services.room import SignedIn, hash_token


class CodeUnknownError(NotFoundError):
    """Nobody in this room has that code."""

    key = "code_unknown"
    staff_message = "Nobody in this room has that code."
    candidate_message = "This code does not belong to this room. Please check it, or ask for help."


def sign_in_candidate(box: Box, *, code: str, client_id: str) -> tuple[str, SignedIn]:
    """Return (token for the cookie, whom it stands for).

    Raises CandidateCodeMistypedError, CodeUnknownError, and what the attempt's state refuses.
    """
    room = box.open_room()
    hashes = {hash_candidate_code(key, code) for key in box.store.code_keys()}

    def find(state: RoomState, _now: Now) -> str | None:
        # Looked up, not compared in constant time: what is compared is an HMAC, under a key that
        # only centre and box have, of a code with 60 random bits.  How long it takes could tell
        # something about that HMAC, which nobody outside can choose or use.
        for attempt in state.attempts.values():
            if attempt.code_hash in hashes:
                return attempt.attempt_id
        return None

    attempt_id = room.writer.look(find)
    if attempt_id is None:
        raise CodeUnknownError
    token = new_token()
    command = c.SignInCandidate("candidate", attempt_id, client_id, hash_token(token))
    room.writer.write(command)
    signed_in = SignedIn(attempt_id, client_id)
    room.sign_ins[hash_token(token)] = signed_in
    return token, signed_in
