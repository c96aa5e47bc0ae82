"""The room's own network: cables pulled and put back, lines that hang, lose or double."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import requests

from appliance.storage.journals import verify_journal
from appliance.storage.projections import load_state
from tests.integration.test_standby import go_on_elsewhere, in_two_places, view, wait_until
from tests.network.conftest import MakeRoom
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient


def saved_changes(box: BoxProcess) -> Counter[tuple[str, int]]:
    """Return how often each change of each attempt stands in a stopped box's journal."""
    journal = box.journal()
    verify_journal(journal)
    rows = journal.database.conn.execute(
        "SELECT subject, json_extract(body, '$.c') FROM entries WHERE kind = 'response_saved'"
    ).fetchall()
    journal.database.close()
    return Counter((subject, change_no) for subject, change_no in rows)


def test_box_whose_cable_is_pulled_is_overtaken_and_hands_over(make_room: MakeRoom) -> None:
    """Both have written while apart; back on the network the old one stops, hands over, follows."""
    room = make_room(3, standby_count=1)
    ada, ben, eve = room.open()
    standby = room.start_standby()
    for client in (ada, ben, eve):
        client.write("ESSAY", f"{client.client_id} before")
    wait_until(lambda: all(map(in_two_places, (ada, ben, eve))), "in two places")
    room.cables.pull("box")
    with room.cables.inside("box"):
        # Ben and Eve sit at the same end of the broken cable as the old box; Eve's computer fails.
        for client, text in ((ben, "written apart"), (eve, "only the old box has this")):
            client.session.close()
            client.write("ESSAY", text)
            assert 2 == client.exchange()["acknowledged"]
            client.session.close()
    standby.staff().take_over()
    ada.session.close()
    ada.write("ESSAY", "at the standby")
    assert 2 == go_on_elsewhere(ada)["acknowledged"]
    room.cables.plug_in("box")
    wait_until(lambda: not view(room.box)["leads"], "the old box stops")
    ben.write("ESSAY", "written apart, and after")
    change = {name: value for name, value in ben.unsent[0].items() if name != "made"}
    refused = ben.post("changes", {"changes": [change]})
    assert "overtaken" == refused.json()["error"]
    go_on_elsewhere(ben)
    ben.exchange()
    assert [] == ben.unsent
    page = f"/candidates/{eve.attempt_id}"
    wait_until(lambda: "only the old box has this" in standby.staff().read(page), "handed over")
    wait_until(lambda: in_two_places(ada), "in two places, the other way round")
    # The leader knows what the old box has by its question, before the old box has the reply.
    wait_until(lambda: "follows" in room.box.staff().read("/standby"), "the old box follows")
    standby.terminate()
    journal = standby.journal()
    state = load_state(journal.database, journal.journal_id)
    texts = {key[0]: one.value for key, one in state.responses.items() if key[1] == "ESSAY"}
    journal.database.close()
    assert "at the standby" == texts[ada.attempt_id]
    assert "written apart, and after" == texts[ben.attempt_id]
    assert {1} == set(saved_changes(standby).values())


def test_save_over_a_line_that_hangs_or_doubles_is_made_once(make_room: MakeRoom) -> None:
    """Swallowed, without a reply, cut in the middle, sent twice: one revision for each change."""
    room = make_room(1)
    (ada,) = room.open()
    relay = room.relay("box", room.box.candidate_port)
    ada.origin, ada.patience_seconds, ada.follows = relay.origin, 0.5, True
    for number, spoil in enumerate(("swallows", "loses_replies", "cuts_after_bytes"), start=1):
        ada.session.close()
        if spoil == "cuts_after_bytes":
            relay.cuts_after_bytes += [900, 20_000]
        else:
            setattr(relay, spoil, True)
        ada.write("ESSAY", f"{spoil} " + "word " * 6000)
        with pytest.raises(requests.RequestException):
            ada.exchange()
        assert number == len(ada.acknowledged) + 1
        relay.heal()
        ada.session.close()
        wait_until(lambda: goes_through(ada), f"through after {spoil}")
        assert number == ada.standing["acknowledged"]
    relay.doubles, relay.delay_seconds = True, 0.02
    for text in ("once", "once more"):
        ada.write("LETTER", text)
        ada.exchange()
    assert 2 <= relay.doubled_count
    assert 2 <= relay.cut_count
    room.box.terminate()
    assert {(ada.attempt_id, number): 1 for number in range(1, 6)} == saved_changes(room.box)


def goes_through(client: CandidateClient) -> bool:
    """Say whether an exchange had a reply."""
    try:
        client.exchange()
    except requests.RequestException:
        return False
    return True


def test_saves_never_wait_for_a_standby_that_hangs(make_room: MakeRoom) -> None:
    """Its line is throttled, then swallows everything, then is cut again and again."""
    room = make_room(1, standby_count=1)
    (ada,) = room.open()
    relay = room.relay("box", room.box.candidate_port)
    room.cables.throttle("standby", "256kbit")
    standby = room.start_standby(relay.origin)
    ada.write("ESSAY", "before")
    wait_until(lambda: in_two_places(ada), "in two places")
    relay.swallows = True
    time.sleep(0.5)
    copied = ada.exchange()["copied"]
    for number in range(40):
        ada.write("ESSAY", f"while it hangs {number}")
        standing = ada.exchange()
        assert (ada.last_no, "box") == (standing["acknowledged"], standing["safe"])
    assert copied == ada.exchange()["copied"]
    relay.heal()
    relay.cuts_after_bytes += [600] * 5
    wait_until(lambda: in_two_places(ada), "in two places after all", seconds=30)
    assert relay.cut_count > 0
    assert [] == ada.held
    standby.terminate()
    room.box.terminate()
    assert {(ada.attempt_id, number): 1 for number in range(1, 42)} == saved_changes(room.box)
