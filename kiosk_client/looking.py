"""Asking many addresses at once, so that one that answers slowly on purpose delays nobody."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from appliance.domain.errors import ExamroomError
from kiosk_client.discovery import ANNOUNCED_MAX
from kiosk_client.memory import ORIGINS_MAX
from kiosk_client.trust import BOXES_MAX, Authority, BoxSeen

LOOK_SECONDS = 4
ASKED_MAX = ANNOUNCED_MAX + ORIGINS_MAX + BOXES_MAX + 2
"""Announced, remembered, named by a box that is trusted; typed, and set."""


class Looks:
    """Looks at boxes, each in a thread of its own; one that still hangs is not asked again."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._pool = ThreadPoolExecutor(ASKED_MAX, thread_name_prefix="look")
        self._under_way: dict[str, Future[BoxSeen]] = {}

    def look(self, origins: Iterable[str]) -> dict[str, BoxSeen | ExamroomError]:
        """Return what each says, or why it is not believed; who hangs is missing."""
        for origin in sorted(set(origins))[:ASKED_MAX]:
            if origin not in self._under_way:
                self._under_way[origin] = self._pool.submit(self._authority.look, origin)
        done, _ = wait(self._under_way.values(), LOOK_SECONDS)
        found: dict[str, BoxSeen | ExamroomError] = {}
        for origin, one in list(self._under_way.items()):
            if one not in done:
                continue
            del self._under_way[origin]
            problem = one.exception()
            if problem is None:
                found[origin] = one.result()
            elif isinstance(problem, ExamroomError):
                found[origin] = problem
            else:
                raise problem
        return found

    def stop(self) -> None:
        """Ask nobody any more; who hangs ends by their own time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
