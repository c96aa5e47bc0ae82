"""Entries reach the centre once and completely, whatever happens on the way."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete, func, select, update

from appliance.domain.errors import ExamroomError
from appliance.domain.journal import chain_start
from appliance.formats.bundle import write_bundle
from appliance.formats.receipt import read_receipt
from appliance.platform.clock import SystemClock
from sync.agent.centre_client import CentreClient, CentreUnreachableError, Reply
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.intake import Verdict, fold_anew, take_bundle
from sync.central.tables import attempts, conflicts, entries, epochs, responses, rooms

from .conftest import AgentMaker, GrowingJournal, RunningCentre

# Both databases that the centre promises.
pytestmark = pytest.mark.parametrize("centre", ["sqlite", "postgresql"], indirect=True)


def _stored(centre: Centre) -> list[tuple[int, bytes]]:
    with read(centre.engine) as connection:
        rows = connection.execute(select(entries.c.seq, entries.c.hash).order_by(entries.c.seq))
        return [(row[0], bytes(row[1])) for row in rows]


def _written(journal: GrowingJournal) -> list[tuple[int, bytes]]:
    return [(entry.seq, entry.hash) for entry in journal.entries]


def _bundle(agents: AgentMaker, first: int, last: int) -> bytes:
    run = agents.journal.entries[first - 1 : last]
    previous = agents.journal.entries[first - 2].hash if first > 1 else chain_start("journal-1")
    return write_bundle(
        run,
        journal_id="journal-1",
        previous_hash=previous,
        box=agents.box,
        centre=agents.running.centre.identity.public,
    )


def _take(agents: AgentMaker, data: bytes) -> Verdict:
    return take_bundle(agents.running.centre, data, box=agents.box.public).verdict


def test_unfinished_work_arrives_while_the_exam_runs(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """Each turn brings what is new; the centre sees the response as it stands."""
    agent = agents.agent()
    journal.open_room()
    agent.take_turn()
    journal.save_response("first", 1)
    agent.take_turn()
    journal.write(
        "response_saved",
        "a1",
        {"c": 2, "i": "q1", "k": "client", "r": "RESPONSE", "n": 2, "s": [5, 0, " and more"]},
    )
    agent.take_turn()

    assert _written(journal) == _stored(centre)
    with read(centre.engine) as connection:
        value = connection.execute(select(responses.c.value)).scalar_one()
        states = connection.execute(
            select(attempts.c.attempt_id, attempts.c.state).order_by(attempts.c.attempt_id)
        ).all()
    assert json.loads(value) == "first and more"
    assert [tuple(row) for row in states] == [("a1", "writing"), ("a2", "expected")]


def test_everything_arrives_once_when_the_centre_comes_only_after_the_exam(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, running: RunningCentre
) -> None:
    """No centre from start to end, then a centre: complete, once."""
    running.stop()
    agent = agents.agent()
    journal.open_room()
    for revision in range(1, 3000):
        journal.save_response(f"text {revision}", revision)
    journal.write("attempt_submitted", "a1", {"by": "candidate", "t": 1})
    journal.write("room_session_sealed", "journal-1", {})
    agent.take_turn()
    status = json.loads(agents.paths.status.read_bytes())
    assert status["last_error_key"] == "centre_unreachable"
    assert _stored(centre) == []

    running.start()
    agent = agents.agent()
    agent.take_turn()

    assert _written(journal) == _stored(centre)
    status = json.loads(agents.paths.status.read_bytes())
    assert len(journal.entries) == status["journals"]["journal-1"]["acknowledged_seq"]
    assert status["last_error_key"] is None
    receipt = read_receipt(
        (agents.paths.receipts / "journal-1.1.receipt").read_bytes(),
        centre=centre.identity.public,
    )
    assert (len(journal.entries), journal.entries[-1].hash) == (
        receipt.contiguous_seq,
        receipt.head_hash,
    )


class _DyingClient(CentreClient):
    """Loses the reply after the centre has stored the bundle, as a killed agent does."""

    is_dying = True

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """See Centre."""
        reply = super().send(method, target, body)
        if self.is_dying and method == "POST":
            raise CentreUnreachableError
        return reply


def test_entries_are_not_doubled_when_the_agent_dies_before_the_receipt(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, running: RunningCentre
) -> None:
    """Killed between upload and receipt, the agent sends again and the centre has it already."""
    journal.open_room()
    agents.agent(_DyingClient(running.url, agents.box, SystemClock())).take_turn()
    assert _written(journal) == _stored(centre)
    assert not list(agents.paths.receipts.iterdir())

    agents.agent().take_turn()

    assert _written(journal) == _stored(centre)
    assert list(agents.paths.receipts.iterdir())


def test_bundle_is_known_when_it_comes_twice(agents: AgentMaker, journal: GrowingJournal) -> None:
    """A repeat changes nothing and is answered with a receipt."""
    journal.open_room()
    data = _bundle(agents, 1, 6)

    assert [_take(agents, data), _take(agents, data)] == [Verdict.STORED, Verdict.ALREADY]
    assert _written(journal)[:6] == _stored(agents.running.centre)


def test_bundles_converge_when_they_come_out_of_order(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """A gap is refused with what is expected; overlapping runs are cut to what is new."""
    journal.open_room()
    for revision in range(1, 5):
        journal.save_response("x" * revision, revision)
    last = len(journal.entries)

    late = take_bundle(centre, _bundle(agents, 5, last), box=agents.box.public)
    assert (late.verdict, late.expected_seq) == (Verdict.GAP, 1)
    assert Verdict.STORED is _take(agents, _bundle(agents, 1, 4))
    assert Verdict.STORED is _take(agents, _bundle(agents, 3, 7))
    assert Verdict.ALREADY is _take(agents, _bundle(agents, 2, 5))
    assert Verdict.STORED is _take(agents, _bundle(agents, 8, last))

    assert _written(journal) == _stored(centre)


def test_nothing_is_stored_when_a_bundle_is_altered_or_cut(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """One byte more, less or other: refused, and the next good one is stored."""
    journal.open_room()
    data = _bundle(agents, 1, 6)
    for place_ in range(0, len(data), 11):
        altered = data[:place_] + bytes([data[place_] ^ 1]) + data[place_ + 1 :]
        for damaged in (altered, data[:place_], data + b"x"):
            with pytest.raises(ExamroomError):
                take_bundle(centre, damaged, box=agents.box.public)

    assert _stored(centre) == []
    assert Verdict.STORED is _take(agents, data)


def test_another_entry_under_a_known_number_becomes_a_conflict(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """What is stored stays; the other one waits for a person, once; the agent stops and shows."""
    journal.open_room()
    assert Verdict.STORED is _take(agents, _bundle(agents, 1, 6))
    stored = _stored(centre)
    journal.entries = journal.entries[:5]
    journal.write("attempt_started", "a2", {"t": 9})
    journal.write("attempt_submitted", "a2", {"t": 9, "by": "candidate"})

    agent = agents.agent()
    agent.take_turn()
    agent.take_turn()

    assert stored == _stored(centre)
    with read(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(conflicts)).scalar_one() == 1
    mark = json.loads(agents.paths.status.read_bytes())["journals"]["journal-1"]
    assert (mark["status"], mark["error_key"]) == ("stopped", "entries_conflict")


def test_agent_goes_back_when_the_centre_lost_entries(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """A centre restored from an older copy gets again what it lacks."""
    journal.open_room()
    agents.agent().take_turn()
    with centre.engine.begin() as connection:
        connection.execute(delete(entries).where(entries.c.seq > 3))
        connection.execute(
            update(epochs).values(contiguous_seq=3, head_hash=journal.entries[2].hash)
        )
    journal.save_response("after", 1)

    agents.agent().take_turn()

    assert _written(journal) == _stored(centre)


def test_later_epoch_counts_from_where_it_continues(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """After a take-over the entries of the new epoch count; those it overtook are kept."""
    journal.open_room()
    journal.save_response("kept", 1)
    fork = len(journal.entries)
    standby = GrowingJournal(epoch=2)
    standby.entries = list(journal.entries)
    journal.save_response("overtaken", 2)
    assert Verdict.STORED is _take(agents, _bundle(agents, 1, len(journal.entries)))
    standby.save_response("of the standby", 2)

    data = write_bundle(
        standby.entries[fork:],
        journal_id="journal-1",
        previous_hash=standby.entries[fork - 1].hash,
        box=agents.box,
        centre=centre.identity.public,
    )
    assert Verdict.STORED is _take(agents, data)

    with read(centre.engine) as connection:
        value = connection.execute(select(responses.c.value)).scalar_one()
        count = connection.execute(select(func.count()).select_from(entries)).scalar_one()
    assert json.loads(value) == "of the standby"
    assert fork + 2 == count


def test_folding_anew_gives_what_was_folded_live(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """The projection is a function of the entries."""
    journal.open_room()
    for revision in range(1, 30):
        journal.save_response("text" * revision, revision)
    agents.agent().take_turn()

    def folded() -> list[object]:
        with read(centre.engine) as connection:
            tables = (rooms, responses)
            return [connection.execute(select(table)).all() for table in tables] + [
                connection.execute(
                    select(attempts.c.attempt_id, attempts.c.state, attempts.c.seq)
                ).all()
            ]

    live = folded()
    fold_anew(centre, "journal-1")

    assert live == folded()


def test_entry_of_an_unknown_kind_is_stored_and_passed_over(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """A newer box may write kinds that this centre does not know; a broken body stops nothing."""
    journal.open_room()
    journal.write("kind_of_tomorrow", "x", {"a": 1})
    journal.write("response_saved", "nobody", {"broken": 1})
    journal.save_response("after", 1)
    agents.agent().take_turn()

    assert _written(journal) == _stored(centre)
    with read(centre.engine) as connection:
        assert connection.execute(select(rooms.c.unread_count)).scalar_one() == 1
        value = connection.execute(select(responses.c.value)).scalar_one()
    assert json.loads(value) == "after"


def test_agent_that_lost_its_state_finds_out_what_the_centre_has(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre
) -> None:
    """One repeat is enough: its receipt says how far the centre is."""
    journal.open_room()
    for revision in range(1, 1500):
        journal.save_response(f"text {revision}", revision)
    agents.agent().take_turn()
    agents.paths.state.unlink()

    agents.agent().take_turn()

    assert _stored(centre) == _written(journal)
    mark = json.loads(agents.paths.status.read_bytes())["journals"]["journal-1"]
    assert mark["acknowledged_seq"] == len(journal.entries)
