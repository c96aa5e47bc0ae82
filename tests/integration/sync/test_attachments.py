"""Candidates' files reach the centre beside the journal, once, and hold nothing up."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.formats.attachment import write_attachment
from appliance.services.centre_receipts import delivered_files
from appliance.services.take_upload import UPLOAD_MAX_BYTES
from sync.agent.centre_client import CentreUnreachableError, Reply
from sync.agent.state import load_state
from sync.central.attachments import (
    AttachmentMissingError,
    Kept,
    hand_out,
    safe_name,
    take_attachment,
)
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.results import list_results, sitting_evidence
from sync.central.stick import import_attachments
from sync.central.tables import attachments, records
from sync.removable_media.stick import export_attachments

from .conftest import AgentMaker, GrowingJournal, RunningCentre

# Both databases that the centre promises.
pytestmark = pytest.mark.parametrize("centre", ["sqlite", "postgresql"], indirect=True)


def _here(centre: Centre) -> list[bytes]:
    with read(centre.engine) as connection:
        rows = connection.execute(select(attachments.c.data).order_by(attachments.c.sha256))
        return sorted(bytes(data) for data in rows.scalars())


def test_file_arrives_once_and_repeats_are_known(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """The agent remembers what it delivered; without its memory the centre knows it anyway."""
    journal.open_room()
    sha256 = journal.upload(b"a file", 1)
    agents.agent().take_turn()
    assert load_state(agents.paths.state).delivered_attachments == {"journal-1": [sha256]}
    delivered = delivered_files(agents.data_dir, centre.identity.public)
    assert delivered == {"journal-1": {sha256}}

    agents.paths.state.unlink()
    agents.agent().take_turn()

    assert _here(centre) == [b"a file"]
    data = write_attachment(
        b"a file",
        journal_id="journal-1",
        sha256=sha256,
        box=agents.box,
        centre=centre.identity.public,
    )
    assert take_attachment(centre, data, box=agents.box.public) is Kept.ALREADY


def test_file_waits_while_the_centre_is_away(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, running: RunningCentre
) -> None:
    """Nothing is noted as delivered that did not arrive."""
    journal.open_room()
    journal.upload(b"a file", 1)
    running.stop()
    agents.agent().take_turn()
    assert load_state(agents.paths.state).delivered_attachments == {}

    running.start()
    agents.agent().take_turn()

    assert _here(centre) == [b"a file"]


def test_altered_file_is_shown_and_the_others_arrive(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """What is not the file that its name says is refused; it holds up neither files nor entries."""
    journal.open_room()
    altered = journal.upload(b"first", 1)
    journal.files[altered] = b"other"
    journal.upload(b"second", 2)
    agent = agents.agent()
    agent.take_turn()
    journal.save_response("later", 3)
    agent.take_turn()

    assert _here(centre) == [b"second"]
    state = load_state(agents.paths.state)
    assert state.refused_attachments == {"journal-1": {altered: "attachment_damaged"}}
    assert state.mark("journal-1").acknowledged_seq == len(journal.entries)
    assert b"attachment_damaged" in agents.paths.status.read_bytes()


def test_centre_refuses_a_file_under_another_name(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """Address and envelope name the same file."""
    sha256 = journal.upload(b"a file", 1)
    data = write_attachment(
        b"a file",
        journal_id="journal-2",
        sha256=sha256,
        box=agents.box,
        centre=centre.identity.public,
    )
    target = f"/api/v1/journals/journal-1/attachments/{sha256}"

    status, body = agents.client()._request("PUT", target, data, bytes_max=1000)

    assert (status, b"attachment_foreign" in body) == (400, True)
    assert _here(centre) == []


def test_new_entries_go_before_the_next_file(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """On a slow line at most one file stands between a response and the centre."""
    journal.open_room()
    for revision in range(1, 4):
        journal.upload(b"file %d" % revision, revision)
    client = agents.client()
    plain_send = client.send

    def send(method: str, target: str, body: bytes = b"") -> Reply:
        if method == "PUT":
            journal.save_response("written meanwhile", len(journal.entries))
        return plain_send(method, target, body)

    client.send = send  # type: ignore[method-assign]
    agent = agents.agent(client)
    agent.take_turn()
    assert len(_here(centre)) == 1
    agent.take_turn()
    assert len(_here(centre)) == 2


def test_file_that_does_not_get_through_holds_up_no_entry(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """Files wait by themselves: the next turn sends entries at once."""
    journal.open_room()
    journal.upload(b"a file", 1)
    client = agents.client()
    plain_send = client.send

    def send(method: str, target: str, body: bytes = b"") -> Reply:
        if method == "PUT":
            raise CentreUnreachableError
        return plain_send(method, target, body)

    client.send = send  # type: ignore[method-assign]
    agent = agents.agent(client)
    agent.take_turn()
    journal.save_response("later", 2)
    agent.take_turn()

    assert load_state(agents.paths.state).mark("journal-1").acknowledged_seq == len(journal.entries)
    assert _here(centre) == []


def test_results_say_which_files_are_here_and_hand_them_out_on_the_record(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """A missing file counts in the evidence; one that is here is given with a safe name."""
    journal.open_room()
    sha256 = journal.upload(b"a file", 1, name='x/../"\r\nkart\u00e9.pdf')
    file = journal.files.pop(sha256)
    agents.agent().take_turn()
    assert sitting_evidence(centre, "s1")[0]["missing_file_count"] == 1
    with pytest.raises(AttachmentMissingError):
        hand_out(centre, "s1", ("journal-1", sha256), actor="anna")

    journal.files[sha256] = file
    agents.agent().take_turn()

    assert sitting_evidence(centre, "s1")[0]["missing_file_count"] == 0
    result = list_results(centre, after=0, limit=10).results[0]
    uploads = result["uploads"]
    assert isinstance(uploads, list)
    assert [(one["sha256"], one["is_here"]) for one in uploads] == [(sha256, True)]
    assert hand_out(centre, "s1", ("journal-1", sha256), actor="anna") == (
        "x_.._kart_.pdf",
        b"a file",
    )
    with pytest.raises(AttachmentMissingError):
        hand_out(centre, "another", ("journal-1", sha256), actor="anna")
    with read(centre.engine) as connection:
        row = connection.execute(
            select(records.c.actor, records.c.subject).where(
                records.c.action == "upload_handed_out"
            )
        ).one()
    assert tuple(row) == ("anna", f"s1 {sha256}")


@pytest.mark.parametrize(
    ("name", "expected"), [("", "upload"), ("../..", "_"), ("a" * 200 + ".pdf", "a" * 96 + ".pdf")]
)
def test_name_of_a_file_is_made_safe(centre: Centre, name: str, expected: str) -> None:
    """A candidate chose it; it ends up in a header and on an officer's disk."""
    assert centre
    assert safe_name(name) == expected


def test_files_travel_by_stick(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, tmp_path: Path
) -> None:
    """The same sealed bytes; an altered one is named and the others are taken."""
    journal.open_room()
    journal.upload(b"first", 1)
    journal.upload(b"second", 2)
    carried = export_attachments(
        journal,
        tmp_path,
        box=agents.box,
        centre=centre.identity.public,
        delivered={},
    )
    altered = min((tmp_path / "examroom" / "attachments").iterdir())
    altered.write_bytes(altered.read_bytes()[:-1])

    imported = import_attachments(centre, tmp_path)

    assert carried.count == 2
    assert imported.verdicts == {"stored": 1}
    assert imported.refused == {altered.name: "signature_wrong"}
    assert import_attachments(centre, tmp_path).verdicts == {"already": 1}


def test_largest_file_arrives(agents: AgentMaker, journal: GrowingJournal, centre: Centre) -> None:
    """What a box takes from a candidate, the centre takes from the box."""
    journal.upload(bytes(UPLOAD_MAX_BYTES), 1)
    agents.agent().take_turn()

    assert [len(data) for data in _here(centre)] == [UPLOAD_MAX_BYTES]
