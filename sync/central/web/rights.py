"""Who may call what.  Every view says it with `@allows`; one that does not is refused to all."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from appliance.domain.errors import RefusedError

View = TypeVar("View", bound=Callable[..., Any])


class Caller(StrEnum):
    """Who calls: the three roles of people, a box by signature, another system, or anybody."""

    ADMINISTRATOR = "administrator"
    RESULTS_OFFICER = "results_officer"
    AUDITOR = "auditor"
    BOX = "box"
    OTHER_SYSTEM = "other_system"
    ANYBODY = "anybody"


PEOPLE = frozenset({Caller.ADMINISTRATOR, Caller.RESULTS_OFFICER, Caller.AUDITOR})

_ALLOWED = "examroom_allowed"


class NotAllowedError(RefusedError):
    """The caller is known and has not this right."""

    key = "not_allowed"
    staff_message = "Your role at the centre does not include this. Ask an administrator."


class NotSignedInError(RefusedError):
    """The caller is not known."""

    key = "not_signed_in"
    staff_message = "Please sign in."


def allows(*callers: Caller) -> Callable[[View], View]:
    """Declare who may call a view."""

    def declare(view: View) -> View:
        setattr(view, _ALLOWED, frozenset(callers))
        return view

    return declare


def allowed_callers(view: Callable[..., Any]) -> frozenset[Caller]:
    """Return who may call a view: nobody, where it does not say."""
    callers: frozenset[Caller] = getattr(view, _ALLOWED, frozenset())
    return callers
