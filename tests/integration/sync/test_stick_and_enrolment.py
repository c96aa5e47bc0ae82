"""The way without a network, and how box and centre come to know each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import (
    BoxIdentity,
    create_box_identity,
    load_pinned_centre,
)
from appliance.formats.sealed_document import Document, open_document, seal_document
from appliance.platform.clock import SystemClock
from sync.agent.agent import AgentPaths
from sync.agent.centre_client import CentreClient, CentreRefusedError
from sync.agent.enrolment import enrol_by_network
from sync.agent.state import load_state
from sync.central.boxes import create_enrolment_code, find_box
from sync.central.centre import Centre
from sync.central.database import read, write
from sync.central.mailbox import post_document
from sync.central.stick import export_mailbox, import_bundles
from sync.central.tables import entries
from sync.removable_media.stick import export_bundles

from .conftest import AgentMaker, GrowingJournal, RunningCentre


def _export(agents: AgentMaker, stick: Path) -> int:
    carried = export_bundles(
        agents.journal,
        stick,
        box=agents.box,
        centre=agents.running.centre.identity.public,
        state=load_state(agents.paths.state),
    )
    return carried.count


def _count(centre: Centre) -> int:
    with read(centre.engine) as connection:
        return connection.execute(select(func.count()).select_from(entries)).scalar_one()


def test_results_arrive_by_stick_and_receipts_go_back(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, tmp_path: Path
) -> None:
    """Bundles out, receipts in; what was acknowledged is not written again."""
    stick = tmp_path / "stick"
    stick.mkdir()
    journal.open_room()
    agents.agent().take_turn()
    for revision in range(1, 2500):
        journal.save_response(f"text {revision}", revision)

    assert _export(agents, stick) == 2
    imported = import_bundles(centre, stick)
    assert (imported.verdicts, imported.refused) == ({"stored": 2}, {})
    assert len(journal.entries) == _count(centre)
    assert agents.import_stick(stick) == (1, {})
    assert _export(agents, tmp_path / "another") == 0
    assert import_bundles(centre, stick).verdicts == {"already": 2}


def test_receipt_about_other_entries_is_refused(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, tmp_path: Path
) -> None:
    """A receipt counts only for the entries as they stand on this box."""
    journal.open_room()
    _export(agents, tmp_path)
    import_bundles(centre, tmp_path)
    journal.entries = journal.entries[:5]
    journal.write("attempt_started", "a2", {"t": 9})

    assert agents.import_stick(tmp_path) == (0, {"journal-1.1.receipt": "receipt_wrong"})


def test_damaged_file_on_a_stick_is_named_and_the_others_are_taken(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, tmp_path: Path
) -> None:
    """A bad bundle is refused by name; nothing of it is stored."""
    stick = tmp_path / "stick"
    stick.mkdir()
    journal.open_room()
    _export(agents, stick)
    bundles = stick / "examroom" / "bundles"
    good = next(bundles.iterdir())
    (bundles / "zz.bundle").write_bytes(good.read_bytes()[:-1] + b"\x00")
    (bundles / "aa.bundle").write_bytes(b"nonsense")

    imported = import_bundles(centre, stick)

    assert imported.verdicts == {"stored": 1}
    assert imported.refused == {"aa.bundle": "document_malformed", "zz.bundle": "signature_wrong"}


def test_mailbox_reaches_the_box_by_network_and_by_stick_alike(
    agents: AgentMaker, box: BoxIdentity, centre: Centre, tmp_path: Path
) -> None:
    """The same bytes lie in the box's mailbox either way, and only it can open them."""
    document = Document("release", "release-1", 5, {"package_id": "p", "release_secret": "00"})
    data = seal_document(document, box=box.public, centre=centre.identity)
    with write(centre.engine) as connection:
        post_document(connection, box.id, ("release-1", "release", data), at_ms=1)
        post_document(connection, box.id, ("release-2", "release", data[:-1]), at_ms=1)

    assert export_mailbox(centre, box.id, tmp_path) == 2
    agents.agent().take_turn()

    by_network = agents.paths.incoming / "release-1.release"
    assert data == by_network.read_bytes()
    opened = open_document(data, identity=box, centre=centre.identity.public)
    assert document == opened
    assert load_state(agents.paths.state).refused_documents == {"release-2": "signature_wrong"}
    by_network.unlink()
    (folder,) = (tmp_path / "examroom" / "mailbox").iterdir()
    (folder / "Copy of release.txt").write_bytes(b"")
    refused = {
        "Copy of release.txt": "stick_file_misnamed",
        "release-2.release": "signature_wrong",
    }
    assert agents.import_stick(tmp_path) == (1, refused)
    assert data == by_network.read_bytes()


def test_box_and_centre_recognise_each_other_by_a_code(
    running: RunningCentre, centre: Centre, tmp_path: Path
) -> None:
    """After enrolment each knows the other's keys; the code works once."""
    code = create_enrolment_code(centre, actor="t", name="Box 9", room="B 2")
    box = create_box_identity("new")
    client = CentreClient(running.url, box, SystemClock())

    enrol_by_network(client, box=box, code=code.lower(), keys_dir=tmp_path)

    assert centre.identity.public == load_pinned_centre(tmp_path)
    assert box.public == find_box(centre, box.id)
    other = create_box_identity("other")
    with pytest.raises(CentreRefusedError):
        enrol_by_network(
            CentreClient(running.url, other, SystemClock()), box=other, code=code, keys_dir=tmp_path
        )


def test_box_is_not_enrolled_with_a_wrong_code(
    running: RunningCentre, centre: Centre, tmp_path: Path
) -> None:
    """A wrong code enrols nobody and pins nothing."""
    create_enrolment_code(centre, actor="t", name="Box 9", room="B 2")
    box = create_box_identity("new")

    with pytest.raises(CentreRefusedError):
        enrol_by_network(
            CentreClient(running.url, box, SystemClock()),
            box=box,
            code="0000-0000-0000",
            keys_dir=tmp_path,
        )

    with pytest.raises(ExamroomError):
        find_box(centre, box.id)
    assert not list(tmp_path.glob("centre.json"))


class _WrongClock(SystemClock):
    """A machine that believes it is ten years ago."""

    def wall_ms(self) -> int:
        """See Clock."""
        return super().wall_ms() - 10 * 365 * 24 * 3600 * 1000


def test_box_with_a_wrong_clock_still_reaches_the_centre(
    agents: AgentMaker, running: RunningCentre, box: BoxIdentity, journal: GrowingJournal
) -> None:
    """The centre says what time it is, and the box signs its requests by that."""
    journal.open_room()

    agents.agent(CentreClient(running.url, box, _WrongClock())).take_turn()

    assert len(journal.entries) == _count(running.centre)


def test_paths_are_where_the_exam_server_looks(tmp_path: Path) -> None:
    """Mailbox, status and keys lie where the box expects them."""
    paths = AgentPaths(tmp_path)

    assert tmp_path / "mailbox" / "incoming" == paths.incoming
    assert tmp_path / "sync" / "status.json" == paths.status
    assert tmp_path / "keys" == paths.keys
