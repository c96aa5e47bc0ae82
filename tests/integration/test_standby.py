"""Promise 4: any box can be replaced.  Two real boxes; one is killed, the other takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
import requests

from appliance.storage.journals import rebuild_projections, verify_journal
from appliance.storage.projections import load_state
from tests.integration.conftest import MakeBox, writing_clients
from tests.integration.test_rescue import file_of, upload_file
from tests.rig.at_once import at_once
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient


def wait_until(true: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for something that must come about by itself."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def view(box: BoxProcess) -> dict[str, object]:
    """Return what a box says of itself."""
    answer: dict[str, object] = requests.get(f"{box.origin}/api/v1/box", timeout=3).json()
    return answer


def in_two_places(client: CandidateClient) -> bool:
    """Say whether all of a client's work is in two places."""
    return bool(client.exchange()["safe"] == "two_places")


def follows(box: BoxProcess) -> bool:
    """Say whether a standby has what the box that leads had saved a moment ago."""
    return "Everything that the other box has saved is here" in box.staff().read("/standby")


def go_on_elsewhere(client: CandidateClient) -> dict[str, object]:
    """Find the box that leads and deliver everything there."""
    wait_until(client.find_leader, "a box that leads")
    return client.exchange()


def has_delivered(client: CandidateClient) -> bool:
    """Send what is unsent to the box that leads; say whether that took all of it."""
    client.find_leader()
    client.exchange()
    return not client.unsent


@pytest.fixture
def room(make_box: MakeBox) -> tuple[BoxProcess, BoxProcess, list[CandidateClient]]:
    """A box in which three candidates write, and a standby that follows."""
    box = make_box(3, standby_count=1)
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    standby = box.standby()
    standby.start()
    return box, standby, clients


def test_work_is_in_two_places_when_a_standby_follows(
    room: tuple[BoxProcess, BoxProcess, list[CandidateClient]],
) -> None:
    """It is said only when the standby has it, and no longer when the standby is gone."""
    box, standby, clients = room
    ada = clients[0]
    ada.write("ESSAY", "first words")
    wait_until(lambda: in_two_places(ada), "in two places")
    assert ada.held == []
    assert "follows." in box.staff().read("/box")
    refused = standby.staff()._post("/prepare", "/prepare", sitting_id=SITTING, back="/prepare")
    assert "Another box leads this room" in refused
    assert not view(standby)["leads"]
    standby.freeze()
    time.sleep(0.5)
    ada.write("ESSAY", "first words and more")
    standing = ada.exchange()
    assert "box" == standing["safe"]
    assert 1 == len(ada.held)
    time.sleep(6)
    assert "box" == ada.exchange()["safe"]
    standby.thaw()
    wait_until(lambda: in_two_places(ada), "in two places again")
    standby.terminate()
    box.terminate()


def test_standby_takes_over_when_the_box_is_dead(
    room: tuple[BoxProcess, BoxProcess, list[CandidateClient]],
) -> None:
    """Everything acknowledged is there, time was not lost, and everybody goes on by themselves."""
    box, standby, clients = room
    for number, client in enumerate(clients):
        client.write("ESSAY", f"essay {number}")
        wait_until(lambda one=client: in_two_places(one), "in two places")
    before = clients[0].standing["remaining_ms"]
    box.kill()
    clients[1].write("ESSAY", "essay 1, continued without a box")
    time.sleep(2)
    staff = standby.staff()
    staff.take_over()
    standing = go_on_elsewhere(clients[1])
    assert 2 == standing["acknowledged"]
    assert [] == clients[1].unsent
    for client in (clients[0], clients[2]):
        go_on_elsewhere(client)
    assert before - clients[0].standing["remaining_ms"] < 2000
    assert all(client.hand_in().status_code in {200, 409} for client in clients)
    standby.terminate()
    journal = standby.journal()
    assert journal.head_seq == verify_journal(journal)
    state = load_state(journal.database, journal.journal_id)
    values = {key[0]: one.value for key, one in state.responses.items() if key[1] == "ESSAY"}
    assert "essay 1, continued without a box" == values[clients[1].attempt_id]
    rebuilt = rebuild_projections(journal)
    assert state.boxes == rebuilt.boxes


def test_page_sends_again_what_the_standby_does_not_have(
    room: tuple[BoxProcess, BoxProcess, list[CandidateClient]],
) -> None:
    """Acknowledged by the dead box alone, it comes from the computer it was written on."""
    box, standby, clients = room
    ada = clients[0]
    ada.write("ESSAY", "known to both")
    wait_until(lambda: in_two_places(ada), "in two places")
    standby.freeze()
    time.sleep(0.5)
    ada.write("ESSAY", "known to the first box only")
    assert 2 == ada.exchange()["acknowledged"]
    assert [] == ada.unsent
    box.kill()
    standby.thaw()
    standby.staff().take_over()
    assert 1 == go_on_elsewhere(ada)["acknowledged"]
    assert 2 == ada.exchange()["acknowledged"]
    standby.terminate()


def test_overtaken_box_serves_nobody_and_hands_over_what_it_alone_has(
    room: tuple[BoxProcess, BoxProcess, list[CandidateClient]],
) -> None:
    """It sleeps, is taken over, wakes: from its first answer on it says who leads; then follows."""
    box, standby, clients = room
    ada, ben, _ = clients
    ada.write("ESSAY", "known to both")
    wait_until(lambda: in_two_places(ada), "in two places")
    standby.freeze()
    time.sleep(0.5)
    ben.write("LETTER", "only on the first box, and the computer is gone")
    ben.exchange()
    box.freeze()
    standby.thaw()
    time.sleep(4)
    standby.staff().take_over()
    box.thaw()
    ada.write("ESSAY", "sent to the box that was overtaken")
    change = {name: value for name, value in ada.unsent[0].items() if name != "made"}
    answer = ada.post("changes", {"changes": [change]})
    assert "overtaken" == answer.json()["error"]
    refused = requests.post(
        f"{box.origin}/api/v1/sign-in",
        json={"code": ada.code, "client": ada.client_id},
        timeout=5,
    )
    assert "overtaken" == refused.json()["error"]
    go_on_elsewhere(ada)
    assert [] == ada.unsent
    page = f"/candidates/{ben.attempt_id}"
    wait_until(lambda: "only on the first box" in standby.staff().read(page), "kept aside")
    wait_until(lambda: not view(box)["leads"], "overtaken")
    wait_until(lambda: "follows" in box.staff().read("/standby"), "following the other way round")
    wait_until(lambda: in_two_places(ada), "in two places, the other way round")
    standby.kill()
    box.staff().take_over()
    ada.write("ESSAY", "back on the first box")
    go_on_elsewhere(ada)
    assert [] == ada.unsent
    box.terminate()


def test_two_standbys_never_begin_the_same_epoch(make_box: MakeBox) -> None:
    """Both are taken over while apart; the higher epoch rules once they meet, nothing is lost."""
    box = make_box(2, standby_count=2)
    box.start()
    box.open_and_release()
    ada, ben = writing_clients(box)
    first, second = box.standby(0), box.standby(1)
    first.start()
    second.start()
    ada.write("ESSAY", "at the start")
    wait_until(lambda: in_two_places(ada), "in two places")
    wait_until(lambda: follows(first) and follows(second), "both follow")
    box.kill()
    second.freeze()
    first.staff().take_over()
    ben.write("LETTER", "at the first standby")
    ben.standing["boxes"] = [first.origin]
    go_on_elsewhere(ben)
    first.freeze()
    second.thaw()
    second.staff().take_over()
    ada.standing["boxes"] = [second.origin]
    ada.write("ESSAY", "at the second standby")
    go_on_elsewhere(ada)
    assert ada.standing["epoch"] != ben.standing["epoch"]
    first.thaw()
    wait_until(
        lambda: [view(first)["leads"], view(second)["leads"]].count(True) == 1, "one box leads"
    )
    for one in (ada, ben):
        one.standing["boxes"] = [first.origin, second.origin]
        one.standing["epoch"] = 0
        go_on_elsewhere(one)
        one.exchange()
        assert [] == one.unsent
    wait_until(lambda: in_two_places(ada), "in two places")
    for one in (first, second):
        one.terminate()


def test_stranger_box_gets_nothing(make_box: MakeBox) -> None:
    """A box of the same centre that has no sitting of this room may not follow it."""
    box, other = make_box(1), make_box(1)
    box.start()
    box.open_and_release()
    other.standby_of = box.origin
    other.start()
    time.sleep(2)
    assert "two_places" != writing_clients(box)[0].exchange()["safe"]
    assert "follow" in other.staff().read("/standby")
    for one in (box, other):
        one.terminate()


def writes(client: CandidateClient, stop: threading.Event) -> None:
    """Write ten times a second at the box that leads."""
    number = 0
    while not stop.is_set():
        number += 1
        client.write("ESSAY", f"{client.client_id} {number}")
        try:
            client.exchange()
        except requests.RequestException:
            client.find_leader()
        stop.wait(0.1)


def test_all_clients_save_again_when_the_room_is_taken_over_under_load(make_box: MakeBox) -> None:
    """Thirty candidates write all the time; nothing they were told is saved is missing after.

    There is never a moment without news, and the standby follows and has their files all the same.
    """
    box = make_box(30, standby_count=1)
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    uploads = [upload_file(one, f"%PDF-1.4 {one.client_id}".encode()) for one in clients[:6]]
    standby = box.standby()
    with at_once(partial(writes, one) for one in clients):
        standby.start()
        wait_until(lambda: follows(standby), "the standby follows")
        time.sleep(3)
        box.kill()
        standby.staff().take_over()
        time.sleep(3)
    for client in clients:
        wait_until(lambda one=client: has_delivered(one), "everything delivered")
    standby.terminate()
    journal = standby.journal()
    verify_journal(journal)
    state = load_state(journal.database, journal.journal_id)
    for client in clients:
        newest = max(client.acknowledged)
        saved = state.responses[client.attempt_id, "ESSAY", "RESPONSE"].value
        assert client.acknowledged[newest][1] == saved
    journal.database.close()
    assert all(file_of(standby, upload) for upload in uploads)
