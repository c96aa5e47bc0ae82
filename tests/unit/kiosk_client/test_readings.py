"""What a computer says of itself, read from made-up trees of the kernel's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk_client import readings
from kiosk_client.readings import Battery, Network

Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file of the kernel's."""

    def write(path: str, text: str = "") -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    return write


def test_nothing_is_told_where_nothing_can_be_read(tmp_path: Path) -> None:
    """What is unknown is left out, and never guessed."""
    assert (None, None, None, "", {}) == (
        readings.battery(tmp_path),
        readings.network(tmp_path),
        readings.displays_count(tmp_path),
        readings.virtual_machine(tmp_path),
        readings.devices(tmp_path),
    )


def test_battery_is_the_computers_own(tmp_path: Path, put: Put) -> None:
    """A wireless mouse has one, too, and it comes first by name."""
    for name, scope, percent in (("A-mouse", "Device", "3"), ("BAT0", "System", "71")):
        put(f"sys/class/power_supply/{name}/type", "Battery\n")
        put(f"sys/class/power_supply/{name}/scope", scope)
        put(f"sys/class/power_supply/{name}/capacity", percent)
        put(f"sys/class/power_supply/{name}/status", "Discharging\n")
    assert Battery(71, False) == readings.battery(tmp_path)
    put("sys/class/power_supply/BAT0/status", "Full\n")
    assert Battery(71, True) == readings.battery(tmp_path)


def test_wired_network_goes_before_wireless(tmp_path: Path, put: Put) -> None:
    """And one that is down is none."""
    put("sys/class/net/lo/operstate", "up")
    put("sys/class/net/eth0/operstate", "down")
    put("sys/class/net/wlan0/operstate", "up")
    put("sys/class/net/wlan0/wireless/status")
    put(
        "proc/net/wireless",
        "Inter-| sta-|   Quality        |\n face | tus | link level noise |\n"
        " wlan0: 0000   35.  -60.  -256        0      0\n",
    )
    assert Network("wlan0", 50) == readings.network(tmp_path)
    put("sys/class/net/eth0/operstate", "up")
    assert Network("eth0", None) == readings.network(tmp_path)


def test_connected_displays_are_counted(tmp_path: Path, put: Put) -> None:
    """A socket without a cable is none."""
    for name, status in (
        ("eDP-1", "connected"),
        ("HDMI-A-1", "connected"),
        ("DP-1", "disconnected"),
    ):
        put(f"sys/class/drm/card0-{name}/status", f"{status}\n")
    put("sys/class/drm/version", "drm 1.1.0")
    assert 2 == readings.displays_count(tmp_path)


@pytest.mark.parametrize(
    ("vendor", "product", "expected"),
    [
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "QEMU"),
        ("innotek GmbH", "VirtualBox", "VirtualBox"),
        ("VMware, Inc.", "VMware Virtual Platform", "VMware"),
        ("Microsoft Corporation", "Virtual Machine", "Hyper-V"),
        ("Microsoft Corporation", "Surface Laptop", ""),
        ("LENOVO", "20XW", ""),
    ],
)
def test_virtual_machine_is_told_by_its_firmware(
    tmp_path: Path, put: Put, vendor: str, product: str, expected: str
) -> None:
    """Real computers of the same makers are real."""
    put("sys/class/dmi/id/sys_vendor", f"{vendor}\n")
    put("sys/class/dmi/id/product_name", f"{product}\n")
    put("proc/cpuinfo", "processor : 0\nflags\t\t: fpu vme\n")
    assert expected == readings.virtual_machine(tmp_path)


def test_virtual_machine_that_hides_its_name_is_told_by_the_processor(
    tmp_path: Path, put: Put
) -> None:
    """The flag is set by the hypervisor."""
    put("proc/cpuinfo", "processor : 0\nflags\t\t: fpu vme hypervisor lahf_lm\n")
    assert "unknown" == readings.virtual_machine(tmp_path)


def test_what_is_plugged_in_later_is_named_without_its_serial_number(
    tmp_path: Path, put: Put
) -> None:
    """Also when it goes into the same socket as something before; hubs are not named."""
    put("sys/bus/usb/devices/usb1/devnum", "1")
    put("sys/bus/usb/devices/usb1/bDeviceClass", "09")
    put("sys/bus/usb/devices/1-1/devnum", "2")
    put("sys/bus/usb/devices/1-1/product", "Keyboard")
    put("sys/bus/usb/devices/1-1:1.0/bInterfaceClass", "03")
    before = readings.devices(tmp_path)
    assert ["Keyboard"] == list(before.values())
    assert () == readings.plugged_since(before, before)
    put("sys/bus/usb/devices/1-1/devnum", "3")
    put("sys/bus/usb/devices/1-1/manufacturer", "Maker")
    put("sys/bus/usb/devices/1-1/product", "Stick\x1b[2J" + "x" * 90)
    put("sys/bus/usb/devices/1-1/serial", "SECRET")
    (name,) = readings.plugged_since(before, readings.devices(tmp_path))
    assert name.startswith("Maker Stick[2J")
    assert (60, False) == (len(name), "SECRET" in name)
