"""Promise 1: saved means saved.  The exam server is killed at random moments under load."""

from __future__ import annotations

import random
import threading
import time

import pytest
import requests

from appliance.storage.journals import rebuild_projections, verify_journal
from appliance.storage.projections import load_state
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient

CANDIDATES = 50
KILLS = 20
SEED = 20261122
LONG_OUTAGE_SECONDS = 3


def _write_until(client: CandidateClient, stop: threading.Event, seed: int) -> None:
    chance = random.Random(seed)
    number = 0
    while not stop.is_set():
        number += 1
        item = chance.choice(("ESSAY", "LETTER", "WORD"))
        client.write(item, f"{client.client_id} {number} " + "word " * chance.randrange(60))
        try:
            client.exchange()
        except requests.RequestException:
            stop.wait(0.05)
        stop.wait(chance.random() * 0.2)


@pytest.mark.slow
def test_acknowledged_changes_survive_when_the_server_is_killed_again_and_again(
    make_box: MakeBox,
) -> None:
    """Twenty kills under fifty candidates lose no acknowledged change and no second of time."""
    box = make_box(CANDIDATES)
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    stop = threading.Event()
    threads = [
        threading.Thread(target=_write_until, args=(client, stop, SEED + number))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    chance = random.Random(SEED)
    for number in range(KILLS):
        time.sleep(chance.uniform(0.2, 0.9))
        box.kill()
        time.sleep(LONG_OUTAGE_SECONDS if number == KILLS // 2 else 0)
        box.start()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join()
    for client in clients:
        client.exchange()
        assert [] == client.unsent
    served_ms = (time.monotonic() - began - LONG_OUTAGE_SECONDS) * 1000
    box.terminate()
    _check(box, clients, served_ms)


def _check(box: BoxProcess, clients: list[CandidateClient], served_ms: float) -> None:
    journal = box.journal()
    assert journal.head_seq == verify_journal(journal)
    state = load_state(journal.database, journal.journal_id)
    saved: dict[tuple[str, int], object] = {}
    rows = journal.database.conn.execute(
        "SELECT subject, json_extract(body, '$.c') FROM entries WHERE kind = 'response_saved'"
    ).fetchall()
    assert len(set(rows)) == len(rows), "a change was saved twice"
    saved = dict.fromkeys(rows)
    for client in clients:
        for number in client.acknowledged:
            assert (client.attempt_id, number) in saved
        newest = dict(client.acknowledged.values())
        for item_id, value in newest.items():
            assert value == state.responses[client.attempt_id, item_id, "RESPONSE"].value
        used_ms = state.attempts[client.attempt_id].account.used_at(state.session.clock_ms)
        assert used_ms <= served_ms, "an outage ate a candidate's time"
    outages = journal.database.conn.execute(
        "SELECT count(*) FROM entries WHERE kind = 'outage_credited'"
    ).fetchone()[0]
    assert outages == KILLS
    rebuilt = rebuild_projections(journal)
    assert state.attempts == rebuilt.attempts
    assert dict(state.responses) == dict(rebuilt.responses)
    assert state.clients == rebuilt.clients
