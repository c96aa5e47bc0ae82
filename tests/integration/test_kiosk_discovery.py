"""A kiosk hears the announcements of boxes, and takes nothing from them but an address."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from zeroconf import Zeroconf

from appliance.platform.announcing import Announcement
from kiosk_client.discovery import ANNOUNCED_MAX, Discovery
from tests.rig.box_process import free_port

FOUND_WITHIN_SECONDS = 40


def _has_multicast() -> bool:
    try:
        Zeroconf().close()
    except OSError:
        return False
    return True


def test_announced_address_is_found_and_what_is_none_is_passed_over() -> None:
    """A false announcement costs nothing, and a box that goes is forgotten."""
    # In a thread of its own: beside Playwright's event loop zeroconf would use that one and wait.
    with ThreadPoolExecutor(1) as pool:
        if not pool.submit(_has_multicast).result():
            pytest.skip("this machine has no multicast")
        pool.submit(_announce_and_listen).result()


def _announce_and_listen() -> None:
    waiting = threading.Event()
    discovery = Discovery()
    discovery.start()
    # Other tests announce at the same time, and their kiosks ask what is announced here.
    ours = f"localhost:{free_port()}"
    false = [
        _announcement(one) for one in (f"http://other.{ours}", f"javascript:alert('{ours}')", "")
    ]
    good_origin = f"https://{ours}"
    good = _announcement(good_origin)
    for one in (*false, good):
        one.make()
    try:
        for _ in range(FOUND_WITHIN_SECONDS):
            if good_origin in discovery.origins():
                break
            waiting.wait(1)
        assert {good_origin} == {one for one in discovery.origins() if ours in one}
    finally:
        for one in (*false, good):
            one.withdraw()
    for _ in range(FOUND_WITHIN_SECONDS):
        if good_origin not in discovery.origins():
            break
        waiting.wait(1)
    assert good_origin not in discovery.origins()
    discovery.stop()


def _announcement(origin: str) -> Announcement:
    box_id = secrets.token_hex(8)
    return Announcement(room=f"Room of {box_id}", box_id=box_id, origin=lambda: origin)


def test_kiosk_listens_anew_when_its_address_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer that was on before its cable, or before the box, finds the box all the same."""
    addresses = [frozenset({"127.0.0.1"}), frozenset({"127.0.0.1", "10.77.1.16"})]
    now = [addresses[0]]
    monkeypatch.setattr("kiosk_client.discovery.own_addresses", lambda: now[0])
    started: list[frozenset[str]] = []
    monkeypatch.setattr(Discovery, "start", lambda self: started.append(now[0]))
    discovery = Discovery()
    discovery.keep_listening()
    discovery.keep_listening()
    now[0] = addresses[1]
    discovery.keep_listening()
    assert addresses == started


def test_flood_of_announcements_is_bounded() -> None:
    """Each announced address is asked; a stranger must not choose how many."""
    discovery = Discovery()
    for number in range(ANNOUNCED_MAX * 2):
        discovery.note_address(f"box-{number}", f"https://box-{number}.example")
    assert ANNOUNCED_MAX == len(discovery.origins())
