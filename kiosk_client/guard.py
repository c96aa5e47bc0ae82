"""The half of the kiosk that may do what the browser's user may not.

It finds the boxes and decides whom to believe, writes what the browser is allowed, reports how this
computer is, and knows whether it was let go.  The other half (`kiosk_client.supervision`) starts
the browser; all it is told comes from here, over loopback.
"""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from appliance.domain.conduct import BLOCKED_KEYS_COUNT_MAX
from appliance.domain.errors import ExamroomError
from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client import readings
from kiosk_client.blocked_keys import BlockedKeys
from kiosk_client.discovery import Discovery
from kiosk_client.keeper import Keeper
from kiosk_client.looking import Looks
from kiosk_client.memory import Memory, keep_memory, load_memory
from kiosk_client.policies import policies, write_policies
from kiosk_client.rooms import RoomSeen, rooms_of
from kiosk_client.trust import (
    Authority,
    AuthorityUnusableError,
    BoxSeen,
    Wanted,
    read_address,
)
from kiosk_client.unsent_work import UnsentWork
from kiosk_client.ways import Ways

TURN_SECONDS = 2
CALM_TURNS = 5
"""While a page is open the boxes are asked in one turn of so many: hundreds of computers ask."""
SETTLING_TURNS = 5
"""Chromium reads changed policies after they have been left alone for five seconds."""
SENDING_TURNS = 30
"""For so long a page sends what an earlier start left on the stick, before a release erases it."""

Matter = Literal[
    "unset",
    "looking",
    "no_network",
    "silent",
    "untrusted",
    "clock",
    "choose",
    "not_open",
    "no_way",
    "found",
]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: all that the local pages and the browser's supervisor need.

    `open_at` is the box that leads, empty until the browser may go there; `reachable` are trusted
    boxes that answer, `allowed` those the browser may open.  `about` is an address in trouble.
    `is_settled` says whether it is known where unsent work is kept: in `profile_dir`.
    `tells_blocked_keys` says whether the box has asked for their number.
    """

    matter: Matter = "looking"
    about: str = ""
    open_at: str = ""
    room: str = ""
    rooms: tuple[tuple[str, str], ...] = ()
    reachable: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    released: bool = False
    restarts: int = 0
    blocked_keys: int | None = None
    tells_blocked_keys: bool = False
    is_settled: bool = False
    profile_dir: str = ""


class Guard:
    """The guard of one workstation."""

    def __init__(
        self,
        settings: KioskSettings,
        *,
        root: Path = Path("/"),
        keeper: Keeper | None = None,
        ways: Ways | None = None,
    ) -> None:
        """Raises PoliciesUnwritableError before any browser starts."""
        self.settings = settings
        self.root = root
        self._authority = Authority(settings.authority, may_come_later=True)
        self._looks = Looks(self._authority)
        self._waking = threading.Event()
        self._stopping = threading.Event()
        self._discovery = Discovery()
        self._keys = BlockedKeys(root / "dev/input")
        self._plugged_before = readings.devices(root)
        self._typed = ""
        self._named: set[str] = set()
        self._found: dict[str, BoxSeen | ExamroomError] = {}
        self._look_in_turns = 0
        self._ways = ways or Ways()
        self._has_way = True
        self._settled_turns = 0
        self._report_in_turns = 0
        self._turns_with_box = 0
        self._counted: dict[str, int] = {}
        self._conduct = ""
        self._conduct_asked_by = ""
        self._keys_before = 0
        self._state_dir = settings.state_dir
        self.memory: Memory = load_memory(self._state_dir)
        keep_memory(self._state_dir, self.memory)
        self.start = readings.boot_id(root)
        self._work = UnsentWork(
            settings, self._authority, boot_id=self.start, keeper=keeper or Keeper()
        )
        self.standing = self._with_work(Standing())
        if not self._authority.is_there():
            _log.warning(AuthorityUnusableError(path=str(settings.authority)))
        if not self._allow():
            self._settled_turns = SETTLING_TURNS

    def run(self) -> None:
        """Guard until stopped."""
        threading.Thread(
            target=self._keys.watch, args=(self._stopping,), name="keys", daemon=True
        ).start()
        while not self._stopping.is_set():
            self._discovery.keep_listening()
            self.turn()
            self._waking.wait(TURN_SECONDS)
            self._waking.clear()
        self._discovery.stop()
        self._looks.stop()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()
        self._waking.set()

    def use_address(self, text: str) -> None:
        """Look for a box where somebody says; raises AddressUnreadableError."""
        self._typed = read_address(text)
        self._look_in_turns = 0
        self._waking.set()

    def choose(self, origin: str) -> None:
        """Use the room of a box, if that is one that was trusted."""
        if origin in self.memory.origins:
            self._typed = ""
            self._look_in_turns = 0
            self._remember(self.memory.model_copy(update={"room_box": origin}))
            self._waking.set()

    def turn(self) -> None:
        """Look around once.  Without an authority nobody can be trusted, so nobody is asked."""
        if not self._authority.is_there():
            self.standing = replace(self.standing, matter="unset")
            return
        found = self._look()
        seen = {origin: one for origin, one in found.items() if isinstance(one, BoxSeen)}
        self._named = {name for box in seen.values() for name in _named_by(box)}
        self._remember(self.memory.with_origins(set(seen)))
        self._has_way = self._ways.open(seen)
        self._settled_turns = 0 if self._allow() else self._settled_turns + 1
        rooms = rooms_of(seen)
        room = self._my_room(rooms)
        open_at = room.open_at if room is not None else ""
        self._work.turn(open_at, self.memory.workstation_id)
        self._move_memory()
        self._turns_with_box += 1 if self.standing.open_at else 0
        if open_at:
            self._report(open_at)
        if self.standing.released:
            self._work.forget()
        self.standing = self._with_work(self._stand(rooms, room, seen, found))

    def _look(self) -> dict[str, BoxSeen | ExamroomError]:
        """Return what each box says, or why it is not believed; while all is well, said lately."""
        self._look_in_turns -= 1
        if not self.standing.open_at or self._look_in_turns <= 0:
            self._look_in_turns = CALM_TURNS
            wanted = {self._typed, self.settings.address} - {""}
            asked = {*wanted, *self._named, *self.memory.origins, *self._discovery.origins()}
            self._found = self._looks.look(asked)
        return self._found

    def _move_memory(self) -> None:
        """Remember on the stick from when it is open, with the boxes that were known before."""
        if self._state_dir != self._work.state_dir:
            self._state_dir = self._work.state_dir
            known = load_memory(self._state_dir).origins
            self.memory = self.memory.with_origins(set(known))
            keep_memory(self._state_dir, self.memory)

    def _with_work(self, standing: Standing) -> Standing:
        """Let no page of the box open before it is known where its work is kept."""
        is_settled = self._work.standing != "waiting"
        if not is_settled:
            not_open = standing.matter == "found" and self._work.refusal == "room_closed"
            standing = replace(
                standing, open_at="", matter="not_open" if not_open else standing.matter
            )
        return replace(standing, is_settled=is_settled, profile_dir=str(self._work.profile_dir))

    def _my_room(self, rooms: list[RoomSeen]) -> RoomSeen | None:
        """Return the room that was typed, set, or chosen; the only one there is chosen at once."""
        for origin in (self._typed, self.settings.address, self.memory.room_box):
            for room in rooms:
                if origin in room.origins:
                    self._choose_once(room)
                    return room
        wanted = self.settings.room
        rooms = [one for one in rooms if not wanted or one.name == wanted]
        if len(rooms) != 1 or self.memory.room_box:
            return None
        self._choose_once(rooms[0])
        return rooms[0]

    def _choose_once(self, room: RoomSeen) -> None:
        if self.memory.room_box not in room.origins:
            self._remember(self.memory.model_copy(update={"room_box": room.answers_at}))

    def _remember(self, memory: Memory) -> None:
        if memory != self.memory:
            self.memory = memory
            keep_memory(self._state_dir, memory)

    def _allow(self) -> bool:
        """Let the browser open the boxes that were trusted; return whether that is news to it."""
        wanted = policies(
            self.memory.origins,
            local_origin=self.settings.local_origin,
            certificates=self._authority.certificates,
        )
        return write_policies(self.settings.policies_dir, wanted)

    def _stand(
        self,
        rooms: list[RoomSeen],
        room: RoomSeen | None,
        seen: dict[str, BoxSeen],
        found: dict[str, BoxSeen | ExamroomError],
    ) -> Standing:
        matter, about = self._matter(rooms, room, found)
        settled = self._has_way and self._settled_turns >= SETTLING_TURNS
        return Standing(
            matter=matter,
            about=about,
            open_at=room.open_at if room and settled else "",
            room=room.name if room else "",
            rooms=tuple((one.answers_at, one.name) for one in rooms),
            reachable=tuple(sorted(seen)),
            allowed=tuple(self.memory.origins),
            released=self.standing.released,
            restarts=self.standing.restarts,
            blocked_keys=self._keys.count,
            tells_blocked_keys=bool(self._conduct),
        )

    def _matter(
        self,
        rooms: list[RoomSeen],
        room: RoomSeen | None,
        found: dict[str, BoxSeen | ExamroomError],
    ) -> tuple[Matter, str]:
        """Return what a person should know, and the address that it is about."""
        if room is not None:
            if not room.open_at:
                return "silent", room.answers_at
            return ("found", "") if self._has_way else ("no_way", "")
        if readings.network(self.root) is None and not found:
            return "no_network", ""
        if len(rooms) > 1 and not self.memory.room_box:
            return "choose", ""
        doubtful: tuple[tuple[str, Matter], ...] = (
            ("clock_wrong", "clock"),
            ("box_untrusted", "untrusted"),
            ("answer_foreign", "untrusted"),
        )
        for key, matter in doubtful:
            for origin, one in sorted(found.items()):
                if isinstance(one, ExamroomError) and one.key == key:
                    return matter, origin
        expected = self._typed or self.settings.address or self.memory.room_box
        return ("silent", expected) if expected else ("looking", "")

    def _report(self, origin: str) -> None:
        """Report when it is time, and do what the box wants."""
        self._report_in_turns -= 1
        if self._report_in_turns > 0:
            return
        try:
            told = self._reading() | self._conduct_for(origin)
            wanted = self._authority.report(origin, self.memory.workstation_id, told)
        except ExamroomError as problem:
            # A box that does not know what another version asked for is told less next time.
            self._conduct_asked_by = ""
            self._look_in_turns = 0
            _log.warning("not reported: %s", problem.key)
            return
        self._report_in_turns = wanted.poll_seconds // TURN_SECONDS
        self._obey(origin, wanted)

    def _obey(self, origin: str, wanted: Wanted) -> None:
        asked = wanted.restart_browser - self._counted.setdefault(origin, wanted.restart_browser)
        self._counted[origin] = wanted.restart_browser
        self.standing = replace(
            self.standing,
            released=wanted.release and self._has_sent(),
            restarts=self.standing.restarts + (1 if asked > 0 else 0),
        )
        self._conduct_asked_by = origin
        if wanted.conduct != self._conduct:
            self._conduct, self._keys_before = wanted.conduct, self._keys.total

    def _conduct_for(self, origin: str) -> dict[str, object]:
        """Return the number of blocked keys, for the box that asked: what was before is not its."""
        if not self._conduct or self._conduct_asked_by != origin or self._keys.count is None:
            return {}
        count = min(self._keys.total - self._keys_before, BLOCKED_KEYS_COUNT_MAX)
        return {"conduct": self._conduct, "blocked_keys_count": count}

    def _has_sent(self) -> bool:
        """Say whether a page had its time with the box, where there was something of before."""
        return not self._work.is_of_before or self._turns_with_box >= SENDING_TURNS

    def _reading(self) -> dict[str, object]:
        """Return the report: what this computer cannot tell is left out."""
        battery, network = readings.battery(self.root), readings.network(self.root)
        told = {
            "kind": "kiosk",
            "version": version("examroom"),
            "name": socket.gethostname()[: readings.TEXT_CHARACTERS_MAX],
            "battery_percent": battery.percent if battery else None,
            "is_charging": battery.is_charging if battery else None,
            "network": network.interface if network else "",
            "wireless_percent": network.wireless_percent if network else None,
            "displays_count": readings.displays_count(self.root),
            "virtual_machine": readings.virtual_machine(self.root),
            "unsent_work": None if self._work.standing == "waiting" else self._work.standing,
            "plugged": readings.plugged_since(self._plugged_before, readings.devices(self.root)),
        }
        return {name: value for name, value in told.items() if value is not None}


def _named_by(box: BoxSeen) -> set[str]:
    """Return the other addresses a trusted box names; each is asked before it is believed."""
    named = set()
    for address in {box.leader, *box.boxes} - {""}:
        try:
            named.add(read_address(address))
        except ExamroomError:
            _log.warning("a box names an address without TLS")
    return named
