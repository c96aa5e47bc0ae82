"""The box announces itself, so that a client finds it without typing an address."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

from appliance.platform.announcing import SERVICE_TYPE, Announcement

FOUND_WITHIN_SECONDS = 40
ROOM = "Room of test_announcing"


def test_box_is_found_when_it_announces_itself() -> None:
    """Name, port and box id are there for whoever looks; gone when it is withdrawn."""
    # In a thread of its own: beside Playwright's event loop zeroconf would use that one and wait.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_announce_and_look).result()


def _announce_and_look() -> None:
    try:
        looking = Zeroconf()
    except OSError:
        pytest.skip("this machine has no multicast")
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
        room=ROOM, box_id="0123456789abcdef", origin="https://box.home.arpa"
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
