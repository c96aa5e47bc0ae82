"""Who may call an address: stated at every view, enforced before it runs.

A view without such a statement is a programmer error: it never runs, and a test walks them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from appliance.domain.errors import InvariantViolated, RefusedError

TICKET = "Bearer "
SAME_SITE = frozenset({"same-origin", "none"})
"""What a browser says of a request that no other site made."""

View = TypeVar("View", bound=Callable[..., Any])
Gate = Callable[[], None]


class CrossSiteError(RefusedError):
    """Another site, or no page of ours, sent this."""

    key = "cross_site"
    staff_message = "This request did not come from a page of this box."
    candidate_message = "This request did not come from a page of this box."


def allows(who: str, gate: Gate) -> Callable[[View], View]:
    """State that `who` may call the view; `gate` raises for everybody else."""

    def mark(view: View) -> View:
        view.__dict__["allows"] = who
        view.__dict__["gate"] = gate
        return view

    return mark


def _open() -> None:
    """Let everybody in."""


anyone = allows("anyone", _open)
"""For what everybody on the room's network may fetch: pages without content, and signing in."""


def who_may_call(view: Callable[..., Any]) -> str | None:
    """Return the statement of a view."""
    who: str | None = getattr(view, "allows", None)
    return who


def enforce_access(app: Flask) -> None:
    """Run every view's gate before it; static files are for anyone."""
    anyone(app.view_functions["static"])
    app.before_request(_enforce)


def _enforce() -> None:
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    gate: Gate | None = getattr(view, "gate", None)
    if gate is None:
        raise InvariantViolated(f"{request.endpoint} does not state who may call it")
    if request.method not in {"GET", "HEAD"}:
        _require_same_site()
    gate()


def _require_same_site() -> None:
    """Refuse what another site made the browser send.  Cookies are SameSite=Strict besides."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in SAME_SITE and not comes_with_ticket():
        raise CrossSiteError


def comes_with_ticket() -> bool:
    """Say whether this request shows a ticket, which no browser adds by itself as it does cookies.

    The page of a candidate whose box was taken over shows one to the box that leads now.
    """
    return request.headers.get("Authorization", "").startswith(TICKET)
