"""The box announces itself, so that a client finds it without typing an address."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from zeroconf import ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from appliance.platform import announcing
from appliance.platform.announcing import SERVICE_TYPE, Announcement

FOUND_WITHIN_SECONDS = 40
ROOM = "Room of test_announcing"


def test_box_is_found_when_it_announces_itself() -> None:
    """Name, port and box id are there for whoever looks; gone when it is withdrawn."""
    # In a thread of its own: beside Playwright's event loop zeroconf would use that one and wait.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_announce_and_look).result()


def test_box_is_announced_anew_when_its_address_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cable put in later, or a slow DHCP server, leaves no announcement of an old address."""
    monkeypatch.setattr(announcing, "LOOK_SECONDS", 0.5)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_change_address_and_look, monkeypatch).result()


def _change_address_and_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looking = _looking()
    name = f"{ROOM} 012345.{SERVICE_TYPE}"
    announcement = Announcement(
        room=ROOM, box_id="0123456789abcdef", origin=lambda: "https://box.home.arpa"
    )
    try:
        for address in ("127.0.0.1", "10.1.2.3"):
            monkeypatch.setattr(announcing, "outside_addresses", lambda now=address: [now])
            if address == "127.0.0.1":
                announcement.make()
            deadline = time.monotonic() + FOUND_WITHIN_SECONDS
            told: list[str] = []
            while told != [address]:
                assert time.monotonic() < deadline, f"{told} instead of {address}"
                info = ServiceInfo(SERVICE_TYPE, name)
                told = info.parsed_addresses() if info.request(looking, 500) else []
    finally:
        announcement.withdraw()
        looking.close()


def _looking() -> Zeroconf:
    try:
        return Zeroconf()
    except OSError:
        pytest.skip("this machine has no multicast")


def _announce_and_look() -> None:
    looking = _looking()
    found: dict[str, ServiceStateChange] = {}
    changed = threading.Event()

    def note(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type
        if name.startswith(ROOM):
            found[name] = state_change
            changed.set()

    browser = ServiceBrowser(looking, SERVICE_TYPE, handlers=[note])
    announcement = Announcement(
        room=ROOM, box_id="0123456789abcdef", origin=lambda: "https://box.home.arpa"
    )
    announcement.make()
    try:
        assert changed.wait(FOUND_WITHIN_SECONDS), "nobody was found"
        (name,) = found
        info = looking.get_service_info(SERVICE_TYPE, name, timeout=5000)
        assert info is not None
        assert (443, b"0123456789abcdef") == (info.port, info.properties[b"box"])
        assert b"https://box.home.arpa" == info.properties[b"origin"]
        changed.clear()
    finally:
        announcement.withdraw()
    assert changed.wait(FOUND_WITHIN_SECONDS), "it was not withdrawn"
    assert ServiceStateChange.Removed == found[name]
    browser.cancel()
    looking.close()
