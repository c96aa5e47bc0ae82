"""The box announces itself, so that a client finds it without typing an address."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from zeroconf import ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from appliance.platform import announcing
from appliance.platform.announcing import SERVICE_TYPE, Announcement
from tests.rig.box_process import free_port

FOUND_WITHIN_SECONDS = 40


@dataclass(frozen=True)
class Told:
    """What one test tells the network, which hears what other tests tell at the same time."""

    box_id: str = field(default_factory=lambda: secrets.token_hex(8))
    origin: str = field(default_factory=lambda: f"https://localhost:{free_port()}")

    @property
    def room(self) -> str:
        """Return a name that no other test gives a room."""
        return f"Room of {self.box_id}"

    def announcement(self) -> Announcement:
        """Return it, not yet made."""
        return Announcement(room=self.room, box_id=self.box_id, origin=lambda: self.origin)


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
    told = Told()
    name = f"{told.room} {told.box_id[:6]}.{SERVICE_TYPE}"
    announcement = told.announcement()
    try:
        for address in ("127.0.0.1", "10.1.2.3"):
            monkeypatch.setattr(announcing, "outside_addresses", lambda now=address: [now])
            if address == "127.0.0.1":
                announcement.make()
            deadline = time.monotonic() + FOUND_WITHIN_SECONDS
            heard: list[str] = []
            while heard != [address]:
                assert time.monotonic() < deadline, f"{heard} instead of {address}"
                info = ServiceInfo(SERVICE_TYPE, name)
                heard = info.parsed_addresses() if info.request(looking, 500) else []
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
    told = Told()
    found: dict[str, ServiceStateChange] = {}
    changed = threading.Event()

    def note(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type
        if name.startswith(told.room):
            found[name] = state_change
            changed.set()

    browser = ServiceBrowser(looking, SERVICE_TYPE, handlers=[note])
    announcement = told.announcement()
    announcement.make()
    try:
        assert changed.wait(FOUND_WITHIN_SECONDS), "nobody was found"
        (name,) = found
        info = looking.get_service_info(SERVICE_TYPE, name, timeout=5000)
        assert info is not None
        assert told.box_id.encode() == info.properties[b"box"]
        assert told.origin.encode() == info.properties[b"origin"]
        assert told.origin.endswith(f":{info.port}")
        changed.clear()
    finally:
        announcement.withdraw()
    assert changed.wait(FOUND_WITHIN_SECONDS), "it was not withdrawn"
    assert ServiceStateChange.Removed == found[name]
    browser.cancel()
    looking.close()
