"""What every view of the centre reaches: the centre, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from appliance.formats.keys import PublicIdentity
from sync.central.centre import Centre
from sync.central.web.rights import NotSignedInError

EXTENSION = "examroom_centre"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    administrator_id: str
    name: str
    role: str
    is_one_time: bool


def centre() -> Centre:
    """Return the centre of this application."""
    return cast(Centre, current_app.extensions[EXTENSION])


def person() -> Person:
    """Return who is signed in; raises NotSignedInError."""
    found = g.get("person")
    if found is None:
        raise NotSignedInError
    return cast(Person, found)


def calling_box() -> PublicIdentity:
    """Return the box whose signature was verified; raises NotSignedInError."""
    found = g.get("box")
    if found is None:
        raise NotSignedInError
    return cast(PublicIdentity, found)
