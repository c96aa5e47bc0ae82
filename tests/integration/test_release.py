"""The ways an exam is released: code, two shares of three, the centre's token; and nothing else."""

from __future__ import annotations

import pytest
import requests

from appliance.formats.code_shares import split_release_code
from appliance.formats.exam_package import inspect_package, release_secret_of
from appliance.formats.keys import load_box_identity
from appliance.formats.sealed_document import Document, seal_document
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient


@pytest.fixture
def locked_box(make_box: MakeBox) -> BoxProcess:
    """Return a started box whose room is open and whose exam is still locked."""
    box = make_box()
    box.start()
    box.staff().open_room()
    return box


def _state(box: BoxProcess) -> str:
    page = box.staff()._get("/room")
    return "released" if "Next: check the candidates in" in page else "locked"


def test_wrong_code_leaves_the_exam_locked(locked_box: BoxProcess) -> None:
    """Another exam's code opens nothing."""
    other = locked_box.release_code[::-1]
    locked_box.staff()._post("/room", f"/sittings/{SITTING}/release", code=other, back="/room")
    assert "locked" == _state(locked_box)


def test_two_of_three_shares_release_the_exam(locked_box: BoxProcess) -> None:
    """Two officers are enough, one is not."""
    shares = split_release_code(locked_box.release_code)
    staff = locked_box.staff()
    staff._post(
        "/room", f"/sittings/{SITTING}/release", share_1=shares[0], share_2=shares[0], back="/room"
    )
    assert "locked" == _state(locked_box)
    staff._post("/room", f"/sittings/{SITTING}/release", share_1=shares[2], share_2=shares[0])
    assert "released" == _state(locked_box)


def test_token_of_the_centre_releases_the_exam(locked_box: BoxProcess) -> None:
    """No code has to be spoken when the centre sends a token to this very box."""
    box = load_box_identity(locked_box.folder / "keys")
    package = (locked_box.folder / "packages" / "package-1.exampkg").read_bytes()
    manifest = inspect_package(package, centre=locked_box.centre.public, box_id=box.id, now_ms=None)
    secret = release_secret_of(manifest, locked_box.release_code)
    body: dict[str, object] = {"package_id": "package-1", "release_secret": secret.hex()}
    document = seal_document(
        Document("release", "release-1", 0, body), box=box.public, centre=locked_box.centre
    )
    locked_box.terminate()
    incoming = locked_box.folder / "mailbox" / "incoming"
    (incoming / "r.release").write_bytes(document)
    locked_box.start()
    locked_box.staff()._post("/room", f"/sittings/{SITTING}/release", code="")
    assert "released" == _state(locked_box)


def test_exam_is_open_again_without_a_code_when_the_box_was_killed(
    running_box: BoxProcess,
) -> None:
    """A power cut in the middle needs nobody with a code."""
    client = writing_clients(running_box)[0]
    running_box.kill()
    running_box.start()
    exam = client.session.get(
        f"{client.origin}/api/v1/attempts/{client.attempt_id}/exam", timeout=10
    )
    assert 200 == exam.status_code
    assert 4 == len(exam.json()["exam"]["parts"][0]["sections"][0]["items"])


def test_exam_cannot_be_read_before_the_start(running_box: BoxProcess) -> None:
    """Released is not started: a candidate who is signed in gets nothing yet."""
    client = CandidateClient(running_box.origin, running_box.codes[0], "early0001")
    client.sign_in()
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/exam"
    assert 409 == client.session.get(address, timeout=10).status_code
    media = f"{client.origin}/media/package-1/anything.png"
    assert 409 == client.session.get(media, timeout=10).status_code
    assert 401 == requests.get(media, timeout=10).status_code
