"""Admitting somebody who is not on the roster: provisional until the centre settles it."""

from __future__ import annotations

from appliance.domain import commands as c
from appliance.domain.errors import InvalidInputError
from appliance.formats.candidate_code import create_candidate_code, hash_candidate_code
from appliance.platform.ids import new_id
from appliance.services.box import Box


class NameMissingError(InvalidInputError):
    """A walk-in without a name."""

    key = "name_missing"
    staff_message = "Please write the person's name."


def admit_walk_in(
    box: Box,
    *,
    actor: str,
    sitting_id: str,
    given_name: str,
    family_name: str,
    declaration: str,
) -> str:
    """Add a provisional candidate and return the code to sign in with."""
    if not (given_name.strip() and family_name.strip()):
        raise NameMissingError
    room = box.open_room()
    roster = next(one for one in box.store.roster_sittings())
    code = create_candidate_code()
    walk_in_id = new_id()
    candidate = c.ExpectedCandidate(
        attempt_id=new_id(),
        candidate_id=f"walk-in-{walk_in_id}",
        number=f"W-{walk_in_id[:4].upper()}",
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        anonymous_code=new_id(8).upper(),
        code_hash=hash_candidate_code(roster.code_key, code),
        seat=None,
        accommodations=(),
    )
    room.writer.write(c.AdmitWalkIn(actor, sitting_id, candidate, declaration))
    return code
