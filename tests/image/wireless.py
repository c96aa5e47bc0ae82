"""A play of a wireless network: joined by what the kiosk program makes of `wireless.toml`.

The radios are played by the kernel (mac80211_hwsim), all else is what a client has: Debian's
kernel, iwd, systemd-networkd and the client's own settings for it.
"""

from __future__ import annotations

from pathlib import Path

from appliance.formats.wireless_settings import WirelessSettings
from kiosk_client.wireless import file_name, file_text
from tests.image.bare_debian import ask, bare_debian, wait_until_answering
from tests.image.stage import START_SECONDS, Stage

PACKAGES = ",iwd,hostapd,iw,dnsmasq-base,dbus-broker,kmod,wireless-regdb,systemd-resolved"
OF_CLIENT = (
    Path(__file__).parents[2]
    / "usb_image/mkosi.profiles/client/mkosi.extra/etc/systemd/network/10-room.network"
)
NAME, KEY = "Prov Å 12", r" a \key #1"
WPA2 = "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\n"
WPA3 = "wpa=2\nwpa_key_mgmt=SAE\nrsn_pairwise=CCMP\nieee80211w=2\nsae_pwe=2\n"
JOIN_SECONDS = 300


def play_wireless(stage: Stage) -> None:
    """Join by WPA2 and by WPA3, and with a wrong key join nothing."""
    build = stage.work.parent.parent / "wireless-debian"
    networks = {OF_CLIENT.name: OF_CLIENT.read_text()}
    machine = bare_debian(
        build, stage.work, more_packages=PACKAGES, program="radios.py", networks=networks
    )
    try:
        machine.start()
        wait_until_answering(seconds=START_SECONDS)
        for kind, rules in (("WPA2", WPA2), ("WPA3", WPA3)):
            address = _join(rules, KEY)
            if not address.startswith("10.88.0."):
                raise RuntimeError(f"{kind}: no address in the network, but {address!r}")
            stage.say(f"{kind}: joined, and given {address}")
            if _join(rules, "another key"):
                raise RuntimeError(f"{kind}: joined with a wrong key")
            stage.say(f"{kind}: with another key nothing is joined")
    finally:
        machine.pull_the_plug()


def _join(rules: str, key: str) -> str:
    settings = WirelessSettings(name=NAME, key=key)
    network = f'ssid2=P"{NAME}"\nutf8_ssid=1\nhw_mode=g\nchannel=6\n{rules}wpa_passphrase={KEY}\n'
    given = {"network": network, "file": file_name(settings), "text": file_text(settings)}
    found = ask("/join", seconds=JOIN_SECONDS, **given)
    return str(found["address"])
