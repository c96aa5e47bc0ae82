"""What is inside a sealed document, by kind: docs/sync-protocol.md, section 9.

A document is genuine when its signature is; whether this box understands it is another question,
and one that must be answered before anything of it is stored.  Fields that are not known are left
out, so that a newer centre may say more.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.domain.conduct import CONDUCT_BASIS_CHARACTERS_MAX
from appliance.formats.canonical import INTEGER_MAX, HexBytes

Text = Annotated[str, Field(max_length=1000)]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]
Milliseconds = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
Pem = Annotated[str, Field(min_length=1, max_length=64 * 1024)]
DURATION_MAX_SECONDS = 7 * 24 * 3600


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class AccommodationBody(_Body):
    """A change of conditions; its value is judged when the sitting is planned."""

    name: Text
    value: Text
    approved_by: Text = ""
    approved_at: Text = ""


class CandidateBody(_Body):
    """One line of a roster."""

    candidate_id: Identifier
    number: Text
    given_name: Text
    family_name: Text
    anonymous_code: Text
    code_hash: Text
    seat: Text | None = None
    accommodations: list[AccommodationBody] = []


class SittingBody(_Body):
    """One exam of a roster and who takes it.  Conduct is noted on the basis it names, else not."""

    sitting_id: Identifier
    title: Text
    package_id: Identifier
    planned_start_at: Milliseconds | None = None
    duration_seconds: Annotated[int, Field(gt=0, le=DURATION_MAX_SECONDS)]
    conduct_basis: Annotated[str, Field(max_length=CONDUCT_BASIS_CHARACTERS_MAX)] = ""
    candidates: list[CandidateBody]


class RosterBody(_Body):
    """Who takes which exam in this room."""

    roster_id: Identifier
    code_key: HexBytes
    boxes: list[dict[str, Any]]
    sittings: list[SittingBody]


class StaffMemberBody(_Body):
    """Somebody who may sign in."""

    staff_id: Identifier
    name: Text
    role: Literal["invigilator", "chief_invigilator", "technician"]
    secret_hash: Text
    valid_from_ms: Milliseconds
    valid_until_ms: Milliseconds


class StaffBody(_Body):
    """Everybody who may sign in on the box."""

    staff: list[StaffMemberBody]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.staff_id for one in self.staff}) < len(self.staff):
            raise ValueError("somebody is there twice")
        return self


class ReleaseBody(_Body):
    """What opens a package without its code."""

    package_id: Identifier
    release_secret: Annotated[HexBytes, Field(min_length=32, max_length=32)]


class RoomCertificateBody(_Body):
    """The box's certificate for the room's TLS, its key, and what all boxes of the site share."""

    names: Annotated[list[Text], Field(min_length=1, max_length=100)]
    chain_pem: Pem
    key_pem: Pem
    authority_pem: Pem
    client_secret: Annotated[HexBytes, Field(min_length=32, max_length=32)]
