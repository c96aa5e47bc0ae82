"""A box gives workstations of its room the key of what they keep, and nobody else."""

from __future__ import annotations

import requests

from appliance.formats.workstation_key import workstation_key
from appliance.platform.credentials import load_or_create_key
from appliance.storage.box_store import BoxStore
from appliance.storage.reading import BOX_DATABASE_KEY
from tests.integration.conftest import MakeBox
from tests.rig.box_process import BoxProcess

DESK = "desk000000000001"
VOLUME = "0b5c8f2e-6a1d-4e3f-9b7a-2c4d6e8f0a1b"
SECRET = bytes(range(32))
BY_TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.7"}
"""What the proxy says of a client that came by TLS."""


def ask(box: BoxProcess, *, volume: str = VOLUME, headers: dict[str, str] = BY_TLS) -> str:
    """Ask as the kiosk does; return the key, or the box's word for why not."""
    address = f"{box.origin}/api/v1/workstations/{DESK}/key"
    answer = requests.post(address, json={"volume": volume}, headers=headers, timeout=10)
    found = answer.json()
    return str(found["key"] if answer.ok else found["error"])


def _box(make_box: MakeBox, *, secret: bytes | None = SECRET) -> BoxProcess:
    box = make_box()
    box.settings = {"proxy_address": "127.0.0.1"}
    if secret is not None:
        key = load_or_create_key(BOX_DATABASE_KEY, box.folder / "keys")
        store = BoxStore(box.folder / "box.db", key)
        store.put_client_secret(secret)
        store.close()
    box.start()
    return box


def test_key_is_given_by_tls_while_the_room_is_open(make_box: MakeBox) -> None:
    """The same by every box of the site; and it is in no log."""
    box = _box(make_box)
    assert "room_closed" == ask(box)
    box.open_and_release()
    assert workstation_key(SECRET, VOLUME).hex() == ask(box)
    assert "tls_missing" == ask(box, headers={})
    assert "tls_missing" == ask(box, headers={**BY_TLS, "X-Forwarded-Proto": "http"})
    assert workstation_key(SECRET, VOLUME).hex() not in (box.folder / "log").read_text()


def test_box_without_the_secret_of_its_site_says_so(make_box: MakeBox) -> None:
    """The workstation then goes on without, instead of waiting."""
    box = _box(make_box, secret=None)
    box.open_and_release()
    assert "workstation_key_missing" == ask(box)


def test_what_is_no_name_of_a_place_is_refused(make_box: MakeBox) -> None:
    """What goes into the key is what a LUKS header carries, in one spelling."""
    box = _box(make_box)
    box.open_and_release()
    for volume in ("", VOLUME.upper(), VOLUME + "0", VOLUME[:-1], "x" * 300):
        assert ask(box, volume=volume) in {"request_malformed", "request_too_large"}


def test_whoever_asks_again_and_again_has_to_wait(make_box: MakeBox) -> None:
    """For each address of its own: others of the room are not held up."""
    box = _box(make_box)
    box.open_and_release()
    answers = [ask(box) for _ in range(61)]
    assert "too_many_tries" == answers[-1]
    assert {workstation_key(SECRET, VOLUME).hex()} == set(answers[:-1])
    other = {**BY_TLS, "X-Forwarded-For": "10.0.0.8"}
    assert workstation_key(SECRET, VOLUME).hex() == ask(box, headers=other)
