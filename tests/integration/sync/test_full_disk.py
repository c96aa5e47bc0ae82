"""The agent on a box whose disk is nearly full: results go on, documents wait at the centre."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.formats.keys import BoxIdentity
from appliance.formats.sealed_document import Document, seal_document
from sync.agent.mailbox import NoRoomForDocumentsError
from sync.agent.state import load_state
from sync.central.centre import Centre
from sync.central.database import write
from sync.central.mailbox import post_document
from tests.rig.small_disk import SmallDisk

from .conftest import AgentMaker, GrowingJournal

MEBIBYTE = 2**20


@pytest.fixture
def disk(agents: AgentMaker) -> Iterator[SmallDisk]:
    """The box's own disk, of 16 MiB."""
    made = SmallDisk(agents.data_dir, 16 * MEBIBYTE)
    made.mount()
    yield made
    made.pull()


def test_documents_wait_and_results_do_not_when_the_disk_is_nearly_full(
    agents: AgentMaker, disk: SmallDisk, journal: GrowingJournal, centre: Centre, box: BoxIdentity
) -> None:
    """The space is for responses; the status says why, and it goes on by itself."""
    document = Document("release", "release-1", 5, {"package_id": "p", "release_secret": "00"})
    data = seal_document(document, box=box.public, centre=centre.identity)
    with write(centre.engine) as connection:
        post_document(connection, box.id, ("release-1", "release", data), at_ms=1)
    journal.open_room()
    ballast = disk.fill_up()
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - MEBIBYTE // 2)

    agents.agent().take_turn()

    assert load_state(agents.paths.state).mark("journal-1").acknowledged_seq == len(journal.entries)
    assert list(agents.paths.incoming.iterdir()) == []
    assert NoRoomForDocumentsError.key.encode() in agents.paths.status.read_bytes()

    ballast.unlink()
    agents.agent().take_turn()
    assert [path.name for path in agents.paths.incoming.iterdir()] == ["release-1.release"]
