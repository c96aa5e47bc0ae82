"""What entries about conduct change.

Nothing is touched: no table holds it, so that no journal of an earlier version lacks one.  It is
read from its entries when a journal is opened (`appliance.storage.projections.load_state`), so
each of them says all there is to know by then.
"""

from __future__ import annotations

from appliance.domain.conduct import BlockedKeys
from appliance.domain.evolve.reading import Body, number, text
from appliance.domain.journal import Entry
from appliance.domain.room import RoomState


def conduct_turned_on(state: RoomState, entry: Entry, body: Body) -> None:
    """Its exam has conduct noted, on this basis."""
    state.conduct_bases[entry.subject] = text(body, "basis")


def keys_blocked(state: RoomState, entry: Entry, body: Body) -> None:
    """So many in all."""
    state.blocked_keys[entry.subject] = BlockedKeys(
        number(body, "blocked_count"), text(body, "workstation"), number(body, "reported_count")
    )


KINDS = {"conduct_turned_on": conduct_turned_on, "keys_blocked": keys_blocked}
