"""A box of the simulation: the product's own box, follower, lookout, watch and sync agent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from flask import Flask

from appliance.composition import make_box
from appliance.domain.errors import CorruptionError, ExamroomError
from appliance.domain.journal import Entry
from appliance.formats.canonical import DocumentMalformedError
from appliance.formats.keys import PublicIdentity
from appliance.formats.request_signature import SignedRequest, sign_request
from appliance.formats.standby_requests import HEAD_HEADER
from appliance.platform.clock import Clock
from appliance.services.box import Box
from appliance.services.lookout import Lookout
from appliance.services.peers import BoxView
from appliance.services.watch_room import Watch
from appliance.settings import Settings
from appliance.storage.journal_writer import JournalWriter, WriterStoppedError, _Ticket
from appliance.storage.journals import Journal, all_entries
from appliance.web.candidate.app import create_candidate_app
from sync.agent.agent import AgentPaths, SyncAgent
from sync.agent.centre_client import CentreClient, CentreUnreachableError, Reply
from sync.agent.journal_source import BoxJournals
from sync.agent.pacing import Pace
from sync.agent.reporting import REPORT_TARGET
from sync.agent.state import load_state as load_agent_state
from sync.standby.box_client import BoxClient, BoxOutOfReachError
from sync.standby.follower import RoomFollower
from tests.simulation.disk import Disks
from tests.simulation.network import Lost, Network
from tests.simulation.world import PowerCut, SimClock, World

CENTRE = "centre"
_log = structlog.get_logger()


class SimWriter(JournalWriter):
    """The product's writer without its thread: whoever asks waits anyway."""

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Close the file as the product does."""
        if self._stopped:
            return
        self._stopped = True
        self._journal.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._journal.database.close()

    def _ask(self, command: Any, view: Any) -> Any:
        if self._stopped:
            self._guard.require_up()
            raise WriterStoppedError
        ticket = _Ticket(command, view)
        ticket.answered.acquire()
        self._commit([ticket])
        if ticket.refusal is not None:
            raise ticket.refusal
        return ticket.answer


class SimBoxClient(BoxClient):
    """The product's way to another box, over the simulated network."""

    network: Network
    source: str

    def _exchange(
        self, method: str, target: str, body: bytes, headers: dict[str, str], **_: Any
    ) -> tuple[int, bytes, int]:
        try:
            answer = self.network.request(
                self.source, _host(self.origin), method, target, data=body, headers=headers
            )
        except Lost as lost:
            raise BoxOutOfReachError from lost
        if answer.status >= 500:
            raise BoxOutOfReachError
        return answer.status, answer.data, int(answer.headers.get(HEAD_HEADER, "0"))


class SimLine:
    """The product's questions to all boxes, over the simulated network."""

    def __init__(self, network: Network, source: str) -> None:
        self._network = network
        self._source = source

    def proofs(self, journal_id: str, origins: Sequence[str]) -> list[bytes]:
        """See RoomLine."""
        found = []
        for origin in origins:
            try:
                answer = self._network.request(self._source, _host(origin), "GET", "/api/v1/box")
                view = BoxView.from_value(json.loads(answer.data))
            except (Lost, ValueError, DocumentMalformedError):
                continue
            if view.journal_id == journal_id and view.proof is not None:
                found.append(view.proof.encode())
        return found

    def show_proof(self, proof: bytes, origins: Sequence[str]) -> None:
        """See RoomLine."""
        for origin in origins:
            try:
                self._network.request(
                    self._source, _host(origin), "POST", "/api/v1/box/epoch-proof", data=proof
                )
            except Lost:
                continue


class SimCentreClient(CentreClient):
    """The agent's way to the centre, over the simulated network.

    Reports of the box's version stay away: no promise is about them, and each would draw a chance,
    so that the seeds that are kept for what they found would be other histories.
    """

    network: Network
    source: str

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """See Centre."""
        return Reply(200) if target == REPORT_TARGET else super().send(method, target, body)

    def _request(
        self, method: str, target: str, body: bytes, *, bytes_max: int
    ) -> tuple[int, bytes]:
        del bytes_max
        now_ms = self._clock.wall_ms() + self._offset_ms
        headers = sign_request(SignedRequest(method, target, body), box=self._box, now_ms=now_ms)
        headers["Content-Type"] = "application/octet-stream"
        try:
            answer = self.network.request(
                self.source, CENTRE, method, target, data=body, headers=headers
            )
        except Lost as lost:
            raise CentreUnreachableError from lost
        if answer.status >= 500:
            raise CentreUnreachableError
        return answer.status, answer.data


def _host(origin: str) -> str:
    return origin.removeprefix("http://").rstrip("/")


class BoxMachine:
    """One box with its disk, which is a folder for each time its power was cut."""

    def __init__(
        self, name: str, folder: Path, world: World, network: Network, disks: Disks
    ) -> None:
        self.name = name
        self.clock = SimClock(world)
        self.standby_of = ""
        self.box: Box | None = None
        self.is_stopped = False
        self.is_destroyed = False
        self.comes_back = False
        self.damaged: str | None = None
        self._folder = folder
        self._generation = 0
        self._world = world
        self._network = network
        self._disks = disks
        self._app: Flask | None = None
        self._copied: dict[tuple[str, str], int] = {}
        network.machines[name] = self

    @property
    def data_dir(self) -> Path:
        """Return the folder that is this box's disk now."""
        return self._folder / f"disk-{self._generation}"

    def application(self) -> Flask | None:
        """See Reachable."""
        return None if self.is_stopped or self.box is None else self._app

    def switch_on(self) -> None:
        """Start the box as `examroom serve` does, without its threads."""
        if self.box is not None or self.is_destroyed:
            return
        self.clock.booted_ms = self._world.now_ms
        settings = Settings(
            data_dir=self.data_dir,
            room="Sim room",
            public_origin=f"http://{self.name}",
            standby_of=self.standby_of,
            announce=False,
        )
        try:
            with self._world.on(self.name):
                self.box = make_box(
                    settings,
                    clock=self.clock,
                    line=SimLine(self._network, self.name),
                    boot=f"{self.name}-{self._world.now_ms}",
                )
        except CorruptionError as damage:
            self.damaged = damage.key
            self._world.note(f"{self.name} does not start: {damage.key}")
            return
        except PowerCut:
            self.lose_power()
            return
        except ExamroomError as trouble:
            self._world.note(f"{self.name} does not start yet: {trouble.key}")
            return
        self._app = create_candidate_app(self.box)
        self._follower = RoomFollower(self.box, self._connect)
        self._lookout = Lookout(self.box)
        self._watch = Watch(self.box)
        self._agent = self._make_agent()

    def _connect(self, origin: str, identity: Any, clock: Clock, authority: Path) -> BoxClient:
        client = SimBoxClient(origin, identity, clock, authority)
        client.network, client.source = self._network, self.name
        return client

    def _make_agent(self) -> SyncAgent:
        assert self.box is not None
        paths = AgentPaths(self.data_dir)
        paths.make_folders()
        client = SimCentreClient("http://centre", self.box.identity, self.clock)
        client.network, client.source = self._network, self.name
        pinned: PublicIdentity = self.box.centre()
        return SyncAgent(
            paths=paths,
            source=BoxJournals(self.data_dir),
            centre=client,
            box=self.box.identity,
            pinned=pinned,
            state=load_agent_state(paths.state),
            clock=self.clock,
            pace=Pace(jitter=self._world.chance.random),
        )

    def lose_power(self) -> None:
        """Lose everything that is not on the disk."""
        old = self.data_dir
        self._generation += 1
        self._disks.survive(self.name, old, self.data_dir)
        self._close()
        self._world.note(f"{self.name} loses its power")

    def destroy(self) -> None:
        """Never come back, disk and all."""
        self._close()
        self.is_destroyed = True
        self._world.note(f"{self.name} is destroyed")

    def _close(self) -> None:
        """Let go of the old files; whatever that writes there, nobody reads again."""
        box, self.box, self._app = self.box, None, None
        if box is None:
            return
        if box.room is not None:
            box.room.writer._journal.database.close()
            box.room.attachments.close()
        if box.following is not None:
            box.following.copy.journal.database.close()
        box.store.close()

    def has_change(self, client: tuple[str, str], change_no: int) -> bool:
        """Say whether the copy on this box's disk has a page's changes up to `change_no`."""
        if change_no == 0:
            return True
        return self._copied.get(client, 0) >= change_no

    def _note_copy(self) -> None:
        box = self.box
        if box is None:
            return
        state = None
        if box.following is not None:
            state = box.following.copy.state
        elif box.room is not None:
            state = box.room.writer._state
        if state is not None:
            self._copied = {key: one.acknowledged_change_no for key, one in state.clients.items()}

    def beat(self) -> None:
        """Do what the beating thread does."""
        if self.box is not None and self.box.room is not None:
            self._safely(self.box.room.fence.beat)

    def look_out(self) -> None:
        """Do what the lookout does."""
        if self.box is not None and self.box.room is not None:
            room = self.box.room
            self._safely(lambda: self._lookout.look(room))

    def watch(self) -> None:
        """Do what the watch does."""
        self._safely(self._watch.round)

    def follow(self) -> None:
        """Do what the follower does."""
        for _ in range(20):
            if self.box is None:
                return
            more = self._safely(self._follower.take_turn)
            self._note_copy()
            if not more:
                return

    def sync(self) -> None:
        """Do what the agent does."""
        self._safely(self._agent.take_turn)

    def rot(self) -> None:
        """Lose power, and find one byte of the copy turned over at the next start."""
        assert self.box is not None
        assert self.box.following is not None
        name = self.box.following.copy.journal.path.name
        self.lose_power()
        path = self.data_dir / "journals" / name
        data = bytearray(path.read_bytes())
        if len(data) > 8192:
            at = self._world.chance.randrange(4096, len(data))
            data[at] ^= 0x10
            path.write_bytes(data)
            self._world.note(f"a byte of the copy on {self.name} turned over")

    def has_journal(self) -> bool:
        """Say whether this box leads or follows."""
        return self.box is not None and bool(self.box.room or self.box.following)

    def journal(self) -> Journal:
        """Return the journal of the running box, its own or its copy."""
        assert self.box is not None
        if self.box.room is not None:
            return self.box.room.writer._journal
        assert self.box.following is not None
        return self.box.following.copy.journal

    def journal_id(self) -> str:
        """Return which room session it is."""
        return self.journal().journal_id

    def head_seq(self) -> int:
        """Return how far the journal has come here."""
        return self.journal().head_seq

    def entries(self) -> list[Entry]:
        """Return every entry that is here."""
        return list(all_entries(self.journal().database))

    def room_clock_ms(self) -> int:
        """Return the room clock of a box that leads."""
        assert self.box is not None
        assert self.box.room is not None
        return int(self.box.room.writer._now().clock_ms)

    def do(self, action: Any) -> Any:
        """Do something on this box as staff would, if it runs; refusals are answers, too."""
        return self._safely(lambda: action(self.box))

    def _safely(self, action: Any) -> Any:
        if self.box is None or self.is_stopped:
            return None
        try:
            with self._world.on(self.name):
                return action()
        except PowerCut as cut:
            if cut.machine != self.name:
                raise
            self.lose_power()
        except ExamroomError as problem:
            self._world.note(f"{self.name}: {problem.key}")
        return None
