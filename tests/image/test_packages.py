"""The packages of the images: committed, held to what the configuration asks, and no way in."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "usb_image"
PROFILES = ("box", "client")
WAYS_IN = ("openssh-server", "dropbear", "telnetd", "rsh-server", "xrdp", "vnc", "cockpit", "sudo")
TOOLS_OF_BUILDERS = ("gcc", "make", "gdb", "apt")


def _packages(profile: str) -> list[str]:
    return (IMAGE / "packages" / f"{profile}.txt").read_text(encoding="ascii").split()


def _asked(path: Path) -> list[str]:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(path, encoding="utf-8")
    return read["Content"]["Packages"].split()


@pytest.mark.parametrize("profile", PROFILES)
def test_image_holds_what_its_configuration_asks_for(profile: str) -> None:
    """A package that is added is seen in the list that people read; building writes it."""
    asked = _asked(IMAGE / "mkosi.conf")
    asked += _asked(IMAGE / "mkosi.profiles" / profile / "mkosi.conf")
    assert set() == set(asked) - set(_packages(profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_image_brings_no_way_in_and_no_workshop(profile: str) -> None:
    """Nobody signs in from a network, and nothing is built or installed on the machine."""
    found = [
        one
        for one in _packages(profile)
        if one in TOOLS_OF_BUILDERS or any(one.startswith(way) for way in WAYS_IN)
    ]
    assert [] == found


def test_box_has_no_screen_and_client_no_server() -> None:
    """Each brings what it is for."""
    assert not {"cage", "chromium"} & set(_packages("box"))
    assert not {"haproxy", "dnsmasq-base", "chrony"} & set(_packages("client"))
