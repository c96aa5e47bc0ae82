"""What the box announces of itself does not depend on a name service."""

from __future__ import annotations

from types import SimpleNamespace

import ifaddr
import pytest

from appliance.platform.announcing import Announcement, outside_addresses, what_is_told


def _port_with(*addresses: str) -> SimpleNamespace:
    return SimpleNamespace(ips=[SimpleNamespace(ip=one, is_IPv4=True) for one in addresses])


def test_addresses_are_those_of_the_ports_without_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.1.1, to which Debian's hosts file leads, is never told to anybody."""
    ports = [_port_with("127.0.0.1", "127.0.1.1"), _port_with("10.77.0.1"), _port_with("10.2.0.9")]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: ports)
    assert ["10.2.0.9", "10.77.0.1"] == outside_addresses()


def test_address_is_loopback_when_the_ports_cannot_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A box serves all the same: an address can be typed."""

    def refuse() -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(ifaddr, "get_adapters", refuse)
    assert ["127.0.0.1"] == outside_addresses()


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://box.room.example", 443),
        ("http://10.77.0.1:8400", 8400),
        ("http://box.room.example", 80),
    ],
)
def test_announced_port_is_the_one_that_clients_open(origin: str, expected: int) -> None:
    """Behind the proxy that is 443, not the port at which the exam server listens."""
    assert expected == what_is_told("Room", "0123456789abcdef", origin, ["10.77.0.1"]).port


def test_box_that_is_stopped_before_it_serves_has_nothing_to_withdraw() -> None:
    """What comes after it in the order of stopping is what saves."""
    Announcement(room="Room", box_id="0123456789abcdef", origin=str).withdraw()
