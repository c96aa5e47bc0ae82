"""A real centre on loopback, a real agent, and a journal that grows as a room's would."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import waitress
from waitress.server import BaseWSGIServer

from appliance.domain.journal import Draft, Entry, chain_start, place
from appliance.formats.keys import BoxIdentity, PublicIdentity, create_box_identity
from appliance.platform.clock import SystemClock
from sync.agent.agent import AgentPaths, SyncAgent
from sync.agent.centre_client import CentreClient
from sync.agent.pacing import Pace
from sync.agent.state import load_state
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre, create_centre, open_centre
from sync.central.tables import metadata
from sync.central.web.app import create_app
from sync.removable_media.stick import import_from_stick

from .postgresql import running_postgresql

BOX_NAME = "Box A"


@dataclass
class GrowingJournal:
    """A journal in memory, made with the domain's own chain; stands where a box's file would."""

    journal_id: str = "journal-1"
    epoch: int = 1
    entries: list[Entry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    sealed: bool = False
    boxes: list[PublicIdentity] = field(default_factory=list)

    def receivers(self, _journal_id: str) -> list[PublicIdentity]:
        """See MirroredJournals."""
        return self.boxes

    def is_sealed(self, _journal_id: str) -> bool:
        """See MirroredJournals."""
        return self.sealed

    def upload(self, data: bytes, revision: int, *, name: str = "map.pdf") -> str:
        """Write a response that names a file, which lies beside the journal."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = data
        value = {"name": name, "media_type": "x/y", "size_bytes": len(data), "sha256": sha256}
        self.save_response(value, revision, item="q-file")
        return sha256

    def write(self, kind: str, subject: str, body: dict[str, object], actor: str = "box") -> Entry:
        """Append one entry."""
        seq = len(self.entries) + 1
        previous = self.entries[-1].hash if self.entries else chain_start(self.journal_id)
        draft = Draft(kind, actor, subject, body)
        self.entries.append(
            place(draft, epoch=self.epoch, seq=seq, at_ms=1_000_000 + seq, previous=previous)
        )
        return self.entries[-1]

    def open_room(self, sitting_id: str = "s1") -> None:
        """Write the beginning of an exam with two candidates."""
        clock: dict[str, object] = {"t": 0, "mono_ms": 0, "boot": "b"}
        self.write("room_session_opened", self.journal_id, {"room": "A 1", "practice": 0, **clock})
        self.write(
            "sitting_created",
            sitting_id,
            {
                "sitting_id": sitting_id,
                "title": "Biology",
                "package_id": "p1",
                "duration_seconds": 3600,
                "planned_start_at_ms": None,
            },
        )
        for number in ("1", "2"):
            self.write(
                "attempt_created",
                f"a{number}",
                {
                    "sitting_id": sitting_id,
                    "candidate_id": f"c{number}",
                    "number": number,
                    "given_name": "Given",
                    "family_name": "Family",
                    "anonymous_code": f"CODE{number}",
                    "seat": None,
                },
            )
        self.write("sitting_started", sitting_id, {"t": 0})
        self.write("attempt_started", "a1", {"t": 0})

    def save_response(self, value: object, revision: int, *, item: str = "q1") -> None:
        """Write one whole revision by the first candidate."""
        body: dict[str, object] = {"c": revision, "i": item, "k": "client", "r": "RESPONSE"}
        self.write("response_saved", "a1", {**body, "n": revision, "v": value}, actor="candidate")

    def journal_ids(self) -> list[str]:
        """See JournalSource."""
        return [self.journal_id]

    @contextmanager
    def read(self, _journal_id: str) -> Iterator[GrowingJournal]:
        """See JournalSource."""
        yield self

    @contextmanager
    def read_attachments(self, _journal_id: str) -> Iterator[GrowingJournal]:
        """See JournalSource."""
        yield self

    def list_files(self) -> list[tuple[str, int]]:
        """See FileReader."""
        return [(sha256, len(data)) for sha256, data in self.files.items()]

    def get(self, sha256: str) -> bytes | None:
        """See FileReader."""
        return self.files.get(sha256)

    def head(self) -> tuple[int, int, bytes] | None:
        """See EntryReader."""
        if not self.entries:
            return None
        return self.epoch, self.entries[-1].seq, self.entries[-1].hash

    def entries_after(self, seq: int, limit: int) -> list[Entry]:
        """See EntryReader."""
        return self.entries[seq : seq + limit]


@dataclass
class RunningCentre:
    """A centre that listens, and can go away and come back on the same port."""

    centre: Centre
    port: int = 0
    thread: threading.Thread | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; the first time on any free port."""
        server = waitress.create_server(
            create_app(self.centre), host="127.0.0.1", port=self.port, threads=4
        )
        self.port = server.effective_port
        self.stopping.clear()
        self.thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self.thread is not None:
            self.stopping.set()
            self.thread.join(timeout=10)

    def _serve(self, server: BaseWSGIServer) -> None:
        """Serve and close in one thread: waitress's sockets are not to be closed under its loop."""
        while not self.stopping.is_set():
            server.asyncore.loop(timeout=0.05, map=server._map, count=1)
        server.asyncore.close_all(map=server._map)
        server.task_dispatcher.shutdown()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.fixture
def centre(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Centre]:
    """A centre on SQLite; on PostgreSQL where a test asks for it by parameter."""
    url = None
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    create_centre(tmp_path / "centre", "Test centre")
    built = open_centre(tmp_path / "centre", url, SystemClock())
    yield built
    metadata.drop_all(built.engine)
    built.engine.dispose()


@pytest.fixture
def running(centre: Centre) -> Iterator[RunningCentre]:
    one = RunningCentre(centre)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def box(centre: Centre) -> BoxIdentity:
    identity = create_box_identity(BOX_NAME)
    enrol_with_file(centre, identity.public.to_bytes(), actor="t", name=BOX_NAME, room="A 1")
    return identity


@pytest.fixture
def journal() -> GrowingJournal:
    return GrowingJournal()


@dataclass
class AgentMaker:
    """Makes agents over one data directory, as restarting the process would."""

    data_dir: Path
    running: RunningCentre
    box: BoxIdentity
    journal: GrowingJournal

    @property
    def paths(self) -> AgentPaths:
        """The agent's files."""
        return AgentPaths(self.data_dir)

    def import_stick(self, stick: Path) -> tuple[int, dict[str, str]]:
        """Take in what a stick brings; return how much was taken, and what was refused."""
        self.paths.make_folders()
        carried = import_from_stick(
            self.journal,
            stick,
            paths=self.paths,
            box_id=self.box.id,
            centre=self.running.centre.identity.public,
            state=load_state(self.paths.state),
        )
        return carried.count, carried.refused

    def client(self) -> CentreClient:
        """A connection to the centre."""
        return CentreClient(self.running.url, self.box, SystemClock())

    def agent(self, client: CentreClient | None = None) -> SyncAgent:
        """A freshly started agent."""
        self.paths.make_folders()
        return SyncAgent(
            paths=self.paths,
            source=self.journal,
            centre=client or self.client(),
            box=self.box,
            pinned=self.running.centre.identity.public,
            state=load_state(self.paths.state),
            clock=SystemClock(),
            pace=Pace(jitter=lambda: 0.0),
        )


@pytest.fixture
def agents(
    tmp_path: Path, running: RunningCentre, box: BoxIdentity, journal: GrowingJournal
) -> AgentMaker:
    return AgentMaker(tmp_path / "box", running, box, journal)
