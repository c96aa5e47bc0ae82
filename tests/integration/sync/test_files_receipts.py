"""What the centre has of candidates' files that came by stick, as its receipts tell the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.formats.keys import CentreIdentity, create_centre_identity
from appliance.formats.receipt import FilesReceipt, write_files_receipt
from appliance.services.centre_receipts import delivered_files
from sync.agent.state import load_state
from sync.central.centre import Centre
from sync.central.stick import import_attachments, import_bundles
from sync.removable_media.stick import (
    FILES_RECEIPTS,
    export_attachments,
    export_bundles,
    files_receipt_name,
)

from .conftest import AgentMaker, GrowingJournal

JOURNAL = "journal-1"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder that stands for a stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def _delivered(agents: AgentMaker) -> set[str]:
    centre = agents.running.centre.identity.public
    return delivered_files(agents.data_dir, centre).get(JOURNAL, set())


def _export(agents: AgentMaker, stick: Path) -> int:
    centre = agents.running.centre.identity.public
    delivered = delivered_files(agents.data_dir, centre)
    return export_attachments(
        agents.journal, stick, box=agents.box, centre=centre, delivered=delivered
    ).count


def _put_receipt(stick: Path, signer: CentreIdentity, *, journal_id: str, sha256: str) -> str:
    receipt = FilesReceipt(centre_id=signer.id, journal_id=journal_id, files=[sha256])
    data = write_files_receipt(receipt, centre=signer)
    folder = stick / "examroom" / FILES_RECEIPTS
    folder.mkdir(parents=True)
    (folder / files_receipt_name(data)).write_bytes(data)
    return files_receipt_name(data)


@pytest.mark.parametrize("has_entries", [True, False])
def test_box_knows_what_the_centre_took_from_a_stick(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path, *, has_entries: bool
) -> None:
    """With the entries that name a file or before them; what is delivered is not carried again."""
    journal.open_room()
    files = {journal.upload(b"first", 1), journal.upload(b"second", 2)}
    if has_entries:
        state = load_state(agents.paths.state)
        pinned = centre.identity.public
        export_bundles(journal, stick, box=agents.box, centre=pinned, state=state)
        assert import_bundles(centre, stick).verdicts == {"stored": 1}
    assert _export(agents, stick) == 2
    assert _delivered(agents) == set()

    assert import_attachments(centre, stick).verdicts == {"stored": 2}

    assert agents.import_stick(stick) == (1 + has_entries, {})
    assert _delivered(agents) == files
    assert _export(agents, stick) == 0


def test_agent_that_runs_meanwhile_loses_nothing_of_it(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path
) -> None:
    """It writes its own state again, which knows of no stick."""
    agent = agents.agent()
    journal.open_room()
    sha256 = journal.upload(b"a file", 1)
    _export(agents, stick)
    import_attachments(centre, stick)
    agents.running.stop()
    agents.import_stick(stick)

    agent.take_turn()

    assert load_state(agents.paths.state).delivered_attachments == {}
    assert _delivered(agents) == {sha256}


def test_file_that_the_centre_could_not_take_is_not_delivered(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path
) -> None:
    """It was damaged on the stick; the box writes it again, and the next receipt adds it."""
    journal.open_room()
    files = {journal.upload(b"first", 1), journal.upload(b"second", 2)}
    _export(agents, stick)
    damaged = min((stick / "examroom" / "attachments").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1])

    assert import_attachments(centre, stick).refused == {damaged.name: "signature_wrong"}

    agents.import_stick(stick)
    lost = damaged.name.split(".")[1]
    assert _delivered(agents) == files - {lost}
    assert _export(agents, stick) == 1
    assert import_attachments(centre, stick).verdicts == {"already": 1, "stored": 1}
    agents.import_stick(stick)
    assert _delivered(agents) == files


def test_files_that_are_too_many_for_one_receipt_are_in_several(
    agents: AgentMaker,
    journal: GrowingJournal,
    centre: Centre,
    stick: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them, and writing them again makes no more documents."""
    monkeypatch.setattr("sync.central.stick.RECEIPT_FILES_MAX", 2)
    files = {journal.upload(b"file %d" % number, number) for number in range(5)}
    _export(agents, stick)

    import_attachments(centre, stick)
    import_attachments(centre, stick)

    assert agents.import_stick(stick) == (3, {})
    assert _delivered(agents) == files


def test_receipts_of_two_sticks_add_up_in_any_order(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, tmp_path: Path
) -> None:
    """An old stick that comes once more takes nothing away."""
    first = journal.upload(b"first", 1)
    _export(agents, tmp_path / "old")
    import_attachments(centre, tmp_path / "old")
    agents.import_stick(tmp_path / "old")
    second = journal.upload(b"second", 2)
    assert _export(agents, tmp_path / "new") == 1
    import_attachments(centre, tmp_path / "new")

    agents.import_stick(tmp_path / "new")
    agents.import_stick(tmp_path / "old")

    assert _delivered(agents) == {first, second}


def test_receipt_that_another_signed_is_refused_by_name(
    agents: AgentMaker, journal: GrowingJournal, stick: Path
) -> None:
    """A stick can be written by anybody."""
    other = create_centre_identity("Other", recovery=bytes(32))
    name = _put_receipt(stick, other, journal_id=JOURNAL, sha256=journal.upload(b"a file", 1))

    assert agents.import_stick(stick) == (0, {name: "signature_wrong"})
    assert _delivered(agents) == set()


def test_receipt_for_the_same_file_of_another_journal_confirms_nothing(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path
) -> None:
    """It is for another box, which takes it from the same stick; here it is left."""
    sha256 = journal.upload(b"a file", 1)
    name = _put_receipt(stick, centre.identity, journal_id="journal-2", sha256=sha256)

    assert agents.import_stick(stick) == (0, {})
    assert list(agents.paths.receipts.iterdir()) == []
    (stick / "examroom" / FILES_RECEIPTS / name).rename(agents.paths.receipts / name)
    assert _delivered(agents) == set()


def test_receipt_that_is_forged_on_the_box_confirms_nothing(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path
) -> None:
    """What lies on the box is checked whenever it counts, not only when it is taken."""
    sha256 = journal.upload(b"a file", 1)
    name = _put_receipt(stick, centre.identity, journal_id=JOURNAL, sha256=sha256)
    agents.import_stick(stick)
    assert _delivered(agents) == {sha256}

    kept = agents.paths.receipts / name
    other = sha256.translate(str.maketrans("0123456789", "1234567890"))
    kept.write_bytes(kept.read_bytes().replace(sha256.encode(), other.encode()))

    assert _delivered(agents) == set()


def test_stick_of_a_centre_that_knows_no_such_receipts_is_taken_as_before(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, stick: Path
) -> None:
    """Entries are confirmed, files are not, and nothing is refused."""
    journal.open_room()
    journal.upload(b"a file", 1)
    state, pinned = load_state(agents.paths.state), centre.identity.public
    export_bundles(journal, stick, box=agents.box, centre=pinned, state=state)
    import_bundles(centre, stick)

    assert agents.import_stick(stick) == (1, {})
    assert load_state(agents.paths.state).mark(JOURNAL).acknowledged_seq == len(journal.entries)
    assert _delivered(agents) == set()
