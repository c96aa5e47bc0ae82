"""What a broken or hostile browser may send: refused with a sentence, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.small_exam import small_exam


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CandidateClient]:
    """A candidate who writes; one box takes all that is sent here, and has to stay well."""
    box = BoxProcess(tmp_path_factory.mktemp("hostile") / "box", small_exam(), candidates=2)
    box.start()
    box.open_and_release()
    yield writing_clients(box)[0]
    box.kill()


def _change(number: int, value: object, kind: str = "response") -> dict[str, object]:
    return {
        "no": number,
        "kind": kind,
        "item": "ESSAY",
        "response": "RESPONSE",
        "value": value,
        "age_ms": 0,
    }


def _send_raw(client: CandidateClient, data: bytes) -> requests.Response:
    return client.session.post(
        f"{client.origin}/api/v1/attempts/{client.attempt_id}/changes",
        data=data,
        headers={"Content-Type": "application/json"},
        timeout=20,
    )


def _still_saves(client: CandidateClient) -> None:
    client.write("ESSAY", "still here")
    assert client.exchange()["acknowledged"] == client.last_no


def test_response_of_five_megabytes_is_refused_with_a_sentence(client: CandidateClient) -> None:
    """Too much at once is refused whole, and the next save works."""
    answer = client.post("changes", {"changes": [_change(client.last_no + 1, "x" * 5_000_000)]})

    assert 413 == answer.status_code
    assert "still on this computer" in answer.json()["message"]
    _still_saves(client)


def test_json_of_a_hundred_levels_is_refused(client: CandidateClient) -> None:
    """Depth is bounded before anything is parsed."""
    answer = _send_raw(client, b'{"changes":' + b"[" * 100 + b"]" * 100 + b"}")

    assert 400 == answer.status_code
    assert "request_malformed" == answer.json()["error"]
    _still_saves(client)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe{}", b'{"changes":[{"no":1,"kind":"response\xff"}]}', b"", b"[]", b"nonsense"],
)
def test_bytes_that_are_no_request_are_refused(client: CandidateClient, data: bytes) -> None:
    """Invalid UTF-8 and other nonsense is refused."""
    assert 400 == _send_raw(client, data).status_code
    _still_saves(client)


def test_half_a_character_is_replaced_and_saved(client: CandidateClient) -> None:
    """A lone surrogate, which a text field can hold, does not stop a save."""
    number = client.last_no + 1
    body = json.dumps({"changes": [_change(number, "a\ud800b")]})
    assert "\\ud800" in body
    answer = _send_raw(client, body.encode())

    assert 200 == answer.status_code
    assert number == answer.json()["acknowledged"]
    client.last_no = number


def test_change_from_the_future_is_not_acknowledged(client: CandidateClient) -> None:
    """A gap in the numbers stops at the gap; the answer says where to go on."""
    answer = client.post("changes", {"changes": [_change(client.last_no + 5, "too early")]})

    assert 200 == answer.status_code
    assert client.last_no == answer.json()["acknowledged"]
    _still_saves(client)


def test_attempt_of_somebody_else_is_refused(running_box: BoxProcess) -> None:
    """A cookie opens its own attempt only, for writing, reading and handing in."""
    one, other = writing_clients(running_box)
    own, one.attempt_id = one.attempt_id, other.attempt_id
    for path, body in (
        ("changes", {"changes": [_change(1, "not mine")]}),
        ("submission", {"last_change": 0}),
        ("help", {"wanted": True}),
    ):
        assert 401 == one.post(path, body).status_code
    base = f"{one.origin}/api/v1/attempts/{other.attempt_id}"
    for path in ("exam", "receipt", "revisions/ESSAY/RESPONSE"):
        assert 401 == one.session.get(f"{base}/{path}", timeout=10).status_code
    one.attempt_id = own
    _still_saves(one)


def test_request_without_a_cookie_is_refused(client: CandidateClient) -> None:
    """Nothing is served to a stranger."""
    answer = requests.get(f"{client.origin}/api/v1/attempts/{client.attempt_id}/exam", timeout=10)
    assert 401 == answer.status_code


def test_request_of_another_site_is_refused(client: CandidateClient) -> None:
    """A page elsewhere cannot make this browser write."""
    answer = client.session.post(
        f"{client.origin}/api/v1/attempts/{client.attempt_id}/changes",
        json={"changes": []},
        headers={"Sec-Fetch-Site": "cross-site"},
        timeout=10,
    )
    assert 403 == answer.status_code


def test_the_same_changes_twice_are_saved_once(running_box: BoxProcess) -> None:
    """A repeat is acknowledged and makes no second revision."""
    client = writing_clients(running_box)[0]
    change = _change(client.last_no + 1, "once")
    first = client.post("changes", {"changes": [change]}).json()
    second = client.post("changes", {"changes": [change]}).json()

    assert first["acknowledged"] == second["acknowledged"]
    revisions = client.session.get(
        f"{client.origin}/api/v1/attempts/{client.attempt_id}/revisions/ESSAY/RESPONSE", timeout=10
    ).json()["revisions"]
    assert 1 == len(revisions)


def test_two_clients_of_one_attempt_do_not_overwrite_each_other(
    running_box: BoxProcess,
) -> None:
    """The second waits for the invigilator; what the first has unsent is kept for a decision."""
    first = writing_clients(running_box)[0]
    first.write("ESSAY", "from the first")
    first.exchange()
    second = CandidateClient(running_box.origin, running_box.codes[0], "secondclient")
    second.sign_in()
    assert "asking" == second.standing["here"]
    staff = running_box.staff()
    staff._post("/room", f"/attempts/{first.attempt_id}/move", decision="allow")
    assert "here" == second.exchange()["here"]
    second.write("ESSAY", "from the second")
    second.exchange()
    first.write("ESSAY", "typed late at the first")
    first.write("LETTER", "only at the first")
    standing = first.exchange()

    assert "elsewhere" == standing["here"]
    assert [] == first.unsent
    running_box.terminate()
    journal = running_box.journal()
    rows = dict(
        journal.database.conn.execute(
            "SELECT item_id, value FROM current_responses WHERE attempt_id = ?",
            (first.attempt_id,),
        ).fetchall()
    )
    assert {"ESSAY": '"from the second"', "LETTER": '"only at the first"'} == rows
    kept = journal.database.conn.execute("SELECT value, reason FROM kept_aside").fetchall()
    assert [('"typed late at the first"', "conflict")] == kept


def test_wrong_codes_are_throttled_but_right_ones_are_not(running_box: BoxProcess) -> None:
    """Guessing is slowed down; a room that signs in is not."""
    statuses = [
        requests.post(
            f"{running_box.origin}/api/v1/sign-in",
            json={"code": "0000-0000-0000", "client": "guessing1"},
            timeout=10,
        ).status_code
        for _ in range(40)
    ]
    assert 429 == statuses[-1]
