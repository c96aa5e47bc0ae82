"""Candidates' files reach the centre beside the journal, once, and hold nothing up."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from appliance.formats.attachment import write_attachment
from sync.agent.centre_client import CentreUnreachableError, Reply
from sync.agent.state import load_state
from sync.central.attachments import Kept, take_attachment
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.tables import attachments

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
