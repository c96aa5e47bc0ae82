"""What staff read of a room after it was closed: whether the centre has it, or this box alone."""

from __future__ import annotations

import hashlib

import pytest

from appliance.services.centre_receipts import STATE_FILE
from sync.agent.state import AgentState
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import CHIEF_PIN, SITTING, BoxProcess
from tests.rig.centre_receipt import put_receipt

HAS_IT = "the centre has everything"
HAS_IT_NOT = "the centre has not confirmed everything yet"
UNREADABLE = "cannot be read now"
FILE = b"A map"


@pytest.fixture
def box(make_box: MakeBox) -> BoxProcess:
    """Return a box whose room was closed; a candidate has left a file."""
    made = make_box(1)
    made.start()
    staff = made.open_and_release()
    client = writing_clients(made)[0]
    target = f"/api/v1/attempts/{client.attempt_id}/uploads/{hashlib.sha256(FILE).hexdigest()}"
    answer = client.session.put(f"{made.origin}{target}", data=FILE, timeout=10)
    assert 200 == answer.status_code
    assert 200 == client.hand_in().status_code
    staff._post("/room", f"/sittings/{SITTING}/end", secret=CHIEF_PIN)
    staff._post("/report", "/report", secret=CHIEF_PIN)
    return made


def _agent_delivered(box: BoxProcess, *files: bytes) -> None:
    """Note what the sync agent would, once the centre has answered that it has these files."""
    state = AgentState(box.folder / STATE_FILE)
    state.path.parent.mkdir(exist_ok=True)
    names = [hashlib.sha256(one).hexdigest() for one in files]
    state.delivered_attachments[box.journal_info().journal_id] = names
    state.save()


@pytest.mark.parametrize(
    ("lacking", "delivered", "words"),
    [
        (0, FILE, HAS_IT),
        (3, FILE, "Not confirmed: 3 entries and 0 files"),
        (0, b"another", "Not confirmed: 0 entries and 1 files"),
    ],
)
def test_pages_say_whether_the_centre_has_a_closed_room(
    box: BoxProcess, lacking: int, delivered: bytes, words: str
) -> None:
    """Entries and files alike, where an invigilator looks last and where a technician does."""
    put_receipt(box, behind=lacking)
    _agent_delivered(box, delivered)
    staff = box.staff()
    for page in ("/prepare", "/box"):
        read = staff.read(page)
        assert words in read
        assert (HAS_IT in read, HAS_IT_NOT in read) == (words == HAS_IT, words != HAS_IT)


@pytest.mark.parametrize("is_forged", [False, True])
def test_nobody_else_confirms_for_the_centre(box: BoxProcess, *, is_forged: bool) -> None:
    """Nobody has said yet that the centre has anything, or somebody else says it."""
    if is_forged:
        put_receipt(box, is_forged=True)
        _agent_delivered(box, FILE)
    assert HAS_IT_NOT in box.staff().read("/prepare")


def test_closed_room_that_is_damaged_leaves_the_pages_whole(box: BoxProcess) -> None:
    """The next exam can be prepared, and nobody reads that all is well."""
    put_receipt(box)
    _agent_delivered(box, FILE)
    box.kill()
    box.journal_info().path.write_bytes(b"damaged" * 4096)
    box.start()
    read = box.staff().read("/prepare")
    assert UNREADABLE in read
    assert HAS_IT not in read
