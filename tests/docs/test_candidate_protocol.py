"""The candidate protocol as docs/candidate-protocol.md specifies it, asked of a real box."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from appliance.formats.crockford import in_groups, symbols_of
from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.small_exam import small_exam

PAGE = (Path(__file__).parents[2] / "docs" / "candidate-protocol.md").read_text(encoding="utf-8")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[BoxProcess]:
    """A started box whose room is open and exam released."""
    made = BoxProcess(tmp_path / "box", small_exam(), 2)
    made.start()
    made.open_and_release()
    yield made
    made.kill()


def _get(client: CandidateClient, path: str) -> requests.Response:
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/{path}"
    return client.session.get(address, timeout=10)


def _put(client: CandidateClient, name: str, data: bytes) -> requests.Response:
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/uploads/{name}"
    return client.session.put(address, data=data, timeout=10)


def _refusal(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["message"], "a refusal has a sentence for the candidate"
    return answer.status_code, body["error"]


def _table(heading: str) -> set[str]:
    """Return the field names in the tables of a section of the page."""
    section = PAGE.partition(f"\n{heading}")[2].partition("\n## ")[0]
    return {
        name
        for cell in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }


def test_standing_has_the_fields_the_page_names(box: BoxProcess) -> None:
    """Whoever writes a client from the page finds every field, and no other."""
    (client, _) = writing_clients(box)
    sent = {
        "changes",
        "seen_messages",
        "item",
        "unsent",
        "oldest",
        "battery_percent",
        "workstation",
    }
    assert set(client.exchange()) == _table("## 5. The exchange") - sent


def test_exam_has_the_fields_the_page_names(box: BoxProcess) -> None:
    """Parts, sections, items, responses and marks are where the page says."""
    (client, _) = writing_clients(box)
    body: dict[str, Any] = _get(client, "exam").json()
    assert set(body) == {"exam", "responses", "marks", "accommodations"}
    part = body["exam"]["parts"][0]
    item = part["sections"][0]["items"][0]
    for name in [*body["exam"], *part, *part["sections"][0], *item]:
        assert re.search(rf"`(exam\.)?{name}(\[\])?`", PAGE), f"{name} is not on the page"


def test_refusals_are_those_the_page_names(box: BoxProcess) -> None:
    """Key and status of what a client meets."""
    early = CandidateClient(box.origin, box.codes[0], "client0000")
    early.sign_in()
    assert _refusal(_get(early, "exam")) == (409, "exam_not_released")
    unknown = CandidateClient(box.origin, "0000-0000-0000", "client0009")
    for code, expected in (
        ("0000-0000-0000", (403, "code_unknown")),
        ("too short", (400, "candidate_code_mistyped")),
    ):
        body = {"code": code, "client": "client0009"}
        address = f"{box.origin}/api/v1/sign-in"
        assert _refusal(unknown.session.post(address, json=body, timeout=10)) == expected
    (client, _) = writing_clients(box)
    assert _refusal(_get(client, "receipt")) == (409, "not_handed_in")
    behind = client.post("submission", {"last_change": client.last_no + 1})
    assert _refusal(behind) == (409, "changes_missing")
    assert behind.json()["acknowledged"] == str(client.last_no)
    assert _refusal(_put(client, "0" * 64, b"other")) == (400, "attachment_altered")
    unknown_field = client.post("changes", {"changes": [], "more": 1})
    assert _refusal(unknown_field) == (400, "request_malformed")


def test_file_is_taken_and_taken_again(box: BoxProcess) -> None:
    """An upload is idempotent."""
    (client, _) = writing_clients(box)
    name = hashlib.sha256(b"a drawing").hexdigest()
    assert _put(client, name, b"a drawing").json() == {"taken": True}
    assert _put(client, name, b"a drawing").json() == {"taken": True}


def test_receipt_is_as_the_page_says(box: BoxProcess) -> None:
    """The check code follows from the receipt's bytes; handing in twice changes nothing."""
    (client, _) = writing_clients(box)
    client.write("ESSAY", "In spring and autumn")
    client.exchange()
    receipt = client.hand_in().json()
    assert set(receipt) == _table("## 11. Handing in")
    digest = hashlib.sha256(b"candidate-receipt/1\x00" + receipt["receipt"].encode()).digest()
    assert receipt["check_code"] == in_groups(symbols_of(digest, 12))
    assert receipt["responses_given"] == 1
    assert client.hand_in().json() == receipt
    left = client.post("leave", {})
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
