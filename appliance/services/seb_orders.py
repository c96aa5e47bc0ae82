"""What staff want of Safe Exam Browsers, until they confirm it.  In memory, like workstations."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from appliance.platform.ids import new_id

CLIENTS_MAX = 500
ORDERS_MAX = 4
"""For one client; what comes on top is dropped, and staff press again."""


@dataclass(frozen=True, slots=True)
class Order:
    """One instruction, in SEB Server's words."""

    instruction: str
    attributes: dict[str, str] = field(default_factory=dict)
    order_id: str = field(default_factory=new_id)

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it answers a ping."""
        confirm = {"instruction-confirm": self.order_id}
        return {"instruction": self.instruction, "attributes": self.attributes | confirm}


class SebOrders:
    """Orders that wait, and the numbers of what each client asks (hand, lock_screen)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: dict[str, tuple[Order, ...]] = {}
        self._asked: dict[tuple[str, str], str] = {}

    def give(self, workstation_id: str, order: Order) -> None:
        """Let an order wait for its client."""
        with self._lock:
            waiting = self._orders.get(workstation_id, ())
            if len(waiting) < ORDERS_MAX and (waiting or len(self._orders) < CLIENTS_MAX):
                self._orders[workstation_id] = (*waiting, order)

    def confirmed(self, workstation_id: str, order_id: str) -> None:
        """Take an order away that its client has carried out."""
        with self._lock:
            waiting = self._orders.pop(workstation_id, ())
            left = tuple(one for one in waiting if one.order_id != order_id)
            if left:
                self._orders[workstation_id] = left

    def next_order(self, workstation_id: str) -> Order | None:
        """Return what a client is to do next."""
        return next(iter(self._orders.get(workstation_id, ())), None)

    def asks(self, workstation_id: str, what: str, number: str) -> None:
        """Note the number under which a client asks for something."""
        with self._lock:
            if len(self._asked) < 2 * CLIENTS_MAX:
                self._asked[workstation_id, what] = number

    def settled(self, workstation_id: str, what: str) -> str | None:
        """Return the number of what was asked, and forget it."""
        with self._lock:
            return self._asked.pop((workstation_id, what), None)

    def has_asked(self, workstation_id: str, what: str) -> bool:
        """Say whether a client asks for this."""
        return (workstation_id, what) in self._asked

    def forget(self, workstation_id: str) -> None:
        """Forget a client that has ended."""
        with self._lock:
            self._orders.pop(workstation_id, None)
            for what in ("hand", "lock_screen"):
                self._asked.pop((workstation_id, what), None)
