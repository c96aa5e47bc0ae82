"""An update comes from a real centre in pieces, whole or not at all, and while no room is open."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from appliance.formats.keys import create_box_identity, load_box_identity
from appliance.formats.update_document import FETCHED_PIECE_BYTES, UpdateDocument
from appliance.platform.clock import SystemClock
from appliance.platform.system_image import SystemImage
from appliance.services import kept_update
from appliance.services.kept_update import UpdateFolder
from sync.agent import updates
from sync.agent.centre_client import CentreClient, CentreRefusedError, CentreUnreachableError
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre
from sync.central.database import read, write
from sync.central.tables import update_pieces
from sync.central.updates import make_update, send_update
from tests.integration.conftest import MakeBox
from tests.integration.test_update import AS_IMAGE, wait_until
from tests.rig.box_process import CHIEF_PIN, BoxProcess
from tests.rig.two_versions import IMAGE, OWN_VERSION, make_image

from .conftest import AgentMaker, RunningCentre

NEW = "1.1.0"
FILLED_MIB = 3


@pytest.fixture(autouse=True)
def on_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agents of this process run on a machine that was started from an image."""
    own = SystemImage(IMAGE, OWN_VERSION)
    monkeypatch.setattr(updates, "running_image", lambda: own)
    monkeypatch.setattr(kept_update, "STATUS_PATH", tmp_path / "status.json")


def _send(centre: Centre, folder: Path, box_id: str, version: str = NEW) -> UpdateDocument:
    image = make_image(folder / "images", version, image=IMAGE, filled_mib=FILLED_MIB, signer=None)
    made = make_update(centre, image)
    send_update(centre, made, (box_id,), actor="t")
    return made.document


@pytest.fixture
def wanted(agents: AgentMaker, centre: Centre, tmp_path: Path) -> UpdateDocument:
    """Send an update to a box at rest; what the exam server does with the mailbox is done."""
    document = _send(centre, tmp_path, agents.box.id)
    agents.agent().take_turn()
    (incoming,) = agents.paths.incoming.glob("*.update")
    kept = UpdateFolder(agents.data_dir)
    kept.want(incoming.read_bytes())
    kept.rest_sign.touch()
    return document


class CountingClient(CentreClient):
    """Counts what is fetched, and does something before a piece."""

    fetched: list[str]
    before: Callable[[int], None]

    def fetch(self, target: str) -> bytes:
        """See Centre."""
        if "/updates/" in target:
            self.before(len(self.fetched))
            self.fetched.append(target)
        return super().fetch(target)


def _client(agents: AgentMaker, before: Callable[[int], None]) -> CountingClient:
    client = CountingClient(agents.running.url, agents.box, SystemClock())
    client.fetched, client.before = [], before
    return client


def _is_whole(agents: AgentMaker, document: UpdateDocument) -> bool:
    kept = UpdateFolder(agents.data_dir)
    sizes = [kept.part(document, name).stat().st_size for name in document.parts]
    return sizes == [one.size for one in document.parts.values()] and kept.ready.exists()


@pytest.mark.parametrize("centre", ["sqlite", "postgresql"], indirect=True)
def test_update_is_fetched_in_pieces(agents: AgentMaker, wanted: UpdateDocument) -> None:
    """All of it, each piece once, in one turn on a good line."""
    client = _client(agents, lambda _number: None)

    agents.agent(client).take_turn()

    assert _is_whole(agents, wanted)
    assert not UpdateFolder(agents.data_dir).wanted.exists()
    assert len(set(client.fetched)) == len(client.fetched) > FILLED_MIB


def test_fetching_goes_on_where_the_line_broke(agents: AgentMaker, wanted: UpdateDocument) -> None:
    """What is here is not fetched again, and the agent may have been restarted meanwhile."""

    def break_at_the_third(number: int) -> None:
        if number == 3:
            raise CentreUnreachableError

    first, second = _client(agents, break_at_the_third), _client(agents, lambda _number: None)
    agents.agent(first).take_turn()
    assert not UpdateFolder(agents.data_dir).ready.exists()

    agents.agent(second).take_turn()

    assert _is_whole(agents, wanted)
    assert set(first.fetched).isdisjoint(second.fetched)


def test_nothing_is_fetched_while_a_room_is_open(
    agents: AgentMaker, wanted: UpdateDocument
) -> None:
    """Not a piece before, and none after it has opened in the middle."""
    kept = UpdateFolder(agents.data_dir)
    kept.rest_sign.unlink()
    client = _client(agents, lambda _number: None)
    agents.agent(client).take_turn()
    assert [] == client.fetched

    kept.rest_sign.touch()

    def open_a_room(number: int) -> None:
        if number == 2:
            kept.rest_sign.unlink()

    client = _client(agents, open_a_room)
    agents.agent(client).take_turn()
    agents.agent(client).take_turn()
    assert 3 == len(client.fetched)
    assert kept.read_refused() is None
    assert kept.fetched_bytes(wanted) > 0

    kept.rest_sign.touch()
    agents.agent().take_turn()
    assert _is_whole(agents, wanted)


def test_long_fetch_lets_results_go_first_again(
    agents: AgentMaker, wanted: UpdateDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn fetches for a while; entries are looked for before the next."""
    monkeypatch.setattr(updates, "FETCH_MS", -1)
    client = _client(agents, lambda _number: None)
    agents.agent(client).take_turn()

    assert [] == client.fetched
    assert UpdateFolder(agents.data_dir).wanted.exists()
    assert wanted.version == NEW


def test_altered_piece_is_found_out_and_said(
    agents: AgentMaker, wanted: UpdateDocument, centre: Centre
) -> None:
    """Whoever can write to the centre's database cannot sign."""
    with write(centre.engine) as connection:
        connection.execute(
            update(update_pieces)
            .where(update_pieces.c.sha256 == wanted.root.sha256.hex(), update_pieces.c.number == 1)
            .values(data=bytes(FETCHED_PIECE_BYTES))
        )

    agents.agent().take_turn()

    kept = UpdateFolder(agents.data_dir)
    assert not kept.ready.exists()
    noted = kept.read_refused()
    assert noted is not None
    assert "is missing, cut short or altered" in str(noted.why)
    assert not kept.wanted.exists()


def test_centre_keeps_the_pieces_of_the_last_update_only(
    agents: AgentMaker, centre: Centre, tmp_path: Path
) -> None:
    """A third of a gigabyte each would fill the database; what was sent before is refused."""
    _send(centre, tmp_path, agents.box.id)
    with read(centre.engine) as connection:
        before = connection.execute(select(func.count()).select_from(update_pieces)).scalar_one()
    _send(centre, tmp_path, agents.box.id, "1.2.0")
    with read(centre.engine) as connection:
        after = connection.execute(select(func.count()).select_from(update_pieces)).scalar_one()
    assert before == after


def test_pieces_are_for_enrolled_boxes(running: RunningCentre, wanted: UpdateDocument) -> None:
    """A stranger does not learn what runs in the rooms."""
    stranger = CentreClient(running.url, create_box_identity("Stranger"), SystemClock())
    with pytest.raises(CentreRefusedError):
        stranger.fetch(f"/api/v1/updates/{wanted.root.sha256.hex()}/0")


@pytest.fixture
def agent_process(running: RunningCentre) -> Iterator[Callable[[BoxProcess], None]]:
    """Start the agents of boxes as processes; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(box: BoxProcess) -> None:
        command = [*AS_IMAGE, str(Path(sys.executable).parent / "examroom-sync"), "run"]
        command += ["--data", str(box.folder), "--centre", running.url]
        with (box.folder / "agent.log").open("ab") as log:
            environment = os.environ | box.environment
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))

    yield start
    for one in started:
        one.terminate()
        one.wait(20)


def test_update_comes_to_a_box_by_network(
    make_box: MakeBox,
    centre: Centre,
    agent_process: Callable[[BoxProcess], None],
    tmp_path: Path,
) -> None:
    """Centre, agent and exam server as they are: sent, fetched while nobody writes, installed."""
    environment = {"EXAMROOM_TEST_VERSION": OWN_VERSION, "EXAMROOM_TEST_STATE": str(tmp_path)}
    box = make_box(
        given_centre=centre.identity,
        prefix=AS_IMAGE,
        environment=environment,
        settings={"tick_seconds": 1},
    )
    identity = load_box_identity(box.folder / "keys").public
    enrol_with_file(centre, identity.to_bytes(), actor="t", name="Box", room="A 1")
    box.start()
    chief = box.staff()
    chief.open_room()
    agent_process(box)
    document = _send(centre, tmp_path, identity.id)
    kept = UpdateFolder(box.folder)
    wait_until(kept.wanted.exists)
    assert f"Version {NEW} is being fetched from the centre: 0 of" in chief._get("/box")
    time.sleep(3)
    assert 0 == kept.fetched_bytes(document)

    chief._post("/report", "/report", secret=CHIEF_PIN)

    wait_until(kept.install_request.exists)
    assert document == kept.read_ready(centre.identity.public)
    assert f"Version {NEW} has arrived." in chief._get("/box")
