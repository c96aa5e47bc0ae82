"""Where the browser keeps unsent work: on the stick, encrypted, or in memory.

It is decided once a start of the computer, before the browser opens a page of the box: work that
was begun in one place must not be left there by going on in another.
The key comes from the box, so a stick opens in a room of its school and nowhere else.  What lies on
a stick and does not open stays as it is: it may be all that is left of somebody's responses.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from appliance.domain.errors import ExamroomError
from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client.keeper import Keeper, Place
from kiosk_client.trust import Authority, NotABoxError

Standing = Literal["waiting", "kept", "in_memory", "unreadable"]
"""`unreadable`: in memory, because the stick holds work that this box has no key for."""

FOR_GOOD = frozenset({"workstation_key_missing", "tls_missing", "not_served"})
"""Refusals that end the asking; after any other, or none, the box is asked again."""
LOOKS_MAX = 5
"""A stick that does not answer so often is done without."""
_MARK = "unsent-work"

_log = logging.getLogger(__name__)


class UnsentWork:
    """Decides it for one workstation."""

    def __init__(
        self, settings: KioskSettings, authority: Authority, *, boot_id: str, keeper: Keeper
    ) -> None:
        self._settings = settings
        self._authority = authority
        self._keeper = keeper
        self._place: Place | None = None
        self._looks = 0
        self._mark = settings.state_dir / _MARK
        self._boot_id = boot_id
        self._is_forgotten = False
        self.is_of_before = False
        """Whether the stick held something when this guard opened it."""
        self.refusal = ""
        self.standing: Standing = self._begin()

    def _begin(self) -> Standing:
        """Return what holds from the start: the choice of settings, or of a guard before this."""
        if not self._settings.profile_kept:
            return "in_memory"
        if not self._keeper.is_there:
            return "kept"
        if not self._settings.keep_unsent_work:
            return "in_memory"
        marked = _read(self._mark).split()
        for decided in ("in_memory", "unreadable"):
            if marked == [self._boot_id, decided]:
                return decided
        return "waiting"

    @property
    def _is_on_stick(self) -> bool:
        return self.standing == "kept" and self._keeper.is_there

    @property
    def profile_dir(self) -> Path:
        """Return where the browser's profile lies."""
        mounted = self._keeper.mounted
        return mounted / "kiosk" / "profile" if self._is_on_stick else self._settings.profile_dir

    @property
    def state_dir(self) -> Path:
        """Return where the guard remembers: a page on the stick may be of a box that is silent."""
        return self._keeper.mounted / "guard" if self._is_on_stick else self._settings.state_dir

    def turn(self, origin: str, workstation_id: str) -> None:
        """Go on deciding; `origin` is the box that leads, empty while none answers."""
        if self.standing != "waiting":
            return
        if self._place is None:
            self._place = self._keeper.place()
            self._looks += 1
        if self._place is None:
            if self._looks == LOOKS_MAX:
                self._decide("in_memory")
        elif self._place.state == "none":
            self._decide("in_memory")
        elif self._place.state == "open":
            self.is_of_before = True
            self._decide("kept")
        elif origin:
            self._ask(origin, workstation_id, self._place)

    def _ask(self, origin: str, workstation_id: str, place: Place) -> None:
        without: Standing = "unreadable" if place.state == "closed" else "in_memory"
        try:
            key = self._authority.workstation_key(origin, workstation_id, place.volume_id)
        except NotABoxError as problem:
            self.refusal = str(problem.fields["refusal"])
            if self.refusal in FOR_GOOD:
                self._decide(without)
            return
        except ExamroomError:
            return
        if place.state == "closed":
            opened = self.is_of_before = self._keeper.open(key)
        else:
            opened = self._keeper.make(place.volume_id, key)
        self._decide("kept" if opened else without)

    def _decide(self, standing: Standing) -> None:
        self.standing = standing
        _log.info("unsent work: %s", standing)
        try:
            self._mark.write_text(f"{self._boot_id} {standing}", encoding="ascii")
        except OSError as problem:
            _log.warning("not kept: %s", problem)

    def forget(self) -> None:
        """Make what is kept unreadable, once: the invigilator has released this computer."""
        if self._is_on_stick and not self._is_forgotten:
            self._is_forgotten = self._keeper.forget()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
