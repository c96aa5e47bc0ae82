"""What the machine says of itself is read as the kernel writes it, and what it hides is None."""

from __future__ import annotations

from pathlib import Path

from appliance.platform.machine import (
    DiskLock,
    Power,
    disk_lock,
    hardware_clock_ms,
    listens_udp,
    memory_mib,
    network,
    power,
    silent_ports,
    small_write_p95_ms,
    tls_complaint,
)


def _file(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_machine_without_any_sensor_is_unknown_everywhere(tmp_path: Path) -> None:
    """A box in a virtual machine has no battery and no clock of its own."""
    assert memory_mib(tmp_path) is None
    assert hardware_clock_ms(tmp_path) is None
    assert Power(None, None) == power(tmp_path)
    assert ((), ()) == (network(tmp_path).linked, network(tmp_path).unlinked)
    assert not listens_udp(53, tmp_path)


def test_disk_is_locked_to_signed_systems_where_chip_and_firmware_say_so(tmp_path: Path) -> None:
    """Four bytes of attributes come before the byte that says whether Secure Boot is on."""
    assert DiskLock(has_chip=False, is_secure_boot_on=False) == disk_lock(tmp_path)
    (tmp_path / "sys/class/tpm/tpm0").mkdir(parents=True)
    name = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    for said, is_on in (("\6\0\0\0\0", False), ("\6\0\0\0\1", True)):
        _file(tmp_path, name, said)
        assert DiskLock(has_chip=True, is_secure_boot_on=is_on) == disk_lock(tmp_path)


def test_memory_is_what_is_still_to_be_had(tmp_path: Path) -> None:
    """Caches count as free."""
    text = "MemTotal:  8192000 kB\nMemFree: 100 kB\nMemAvailable: 4096000 kB\n"
    _file(tmp_path, "proc/meminfo", text)
    assert (8000, 4000) == memory_mib(tmp_path)


def test_battery_of_a_mouse_is_not_the_box_s(tmp_path: Path) -> None:
    """Only what the machine runs from counts; the emptiest of several is told."""
    supplies = "sys/class/power_supply"
    for name, kind, percent in (("BAT0", "Battery", "90"), ("BAT1", "Battery", "70")):
        _file(tmp_path, f"{supplies}/{name}/type", f"{kind}\n")
        _file(tmp_path, f"{supplies}/{name}/capacity", f"{percent}\n")
    _file(tmp_path, f"{supplies}/mouse/type", "Battery\n")
    _file(tmp_path, f"{supplies}/mouse/scope", "Device\n")
    _file(tmp_path, f"{supplies}/mouse/capacity", "3\n")
    _file(tmp_path, f"{supplies}/AC/type", "Mains\n")
    _file(tmp_path, f"{supplies}/AC/online", "1\n")
    assert Power(is_on_mains=True, battery_percent=70) == power(tmp_path)


def test_ports_with_and_without_a_link_are_told_apart(tmp_path: Path) -> None:
    """What is no hardware, as loopback, is not looked at."""
    for name, carrier in (("enp1s0", "1"), ("enp2s0", "0")):
        (tmp_path / f"sys/class/net/{name}/device").mkdir(parents=True)
        _file(tmp_path, f"sys/class/net/{name}/carrier", f"{carrier}\n")
    _file(tmp_path, "sys/class/net/lo/carrier", "1\n")
    found = network(tmp_path)
    assert (("enp1s0",), ("enp2s0",)) == (found.linked, found.unlinked)


def test_who_gives_names_is_seen_in_the_kernel_s_list(tmp_path: Path) -> None:
    """Ports are hexadecimal there."""
    line = " 12: 0100000A:0035 00000000:0000 07 0 0 0 0 0 1 2 0 0\n"
    _file(tmp_path, "proc/net/udp", f"  sl  local_address rem_address\n{line}")
    assert listens_udp(53, tmp_path)
    assert not listens_udp(67, tmp_path)


def test_port_at_which_nobody_answers_is_named(tmp_path: Path) -> None:
    """Port 1 answers on no machine; asking it for a certificate tells nothing."""
    assert (1,) == silent_ports([("127.0.0.1", 1)])
    assert tls_complaint("room12.school.example", 1, tmp_path / "none.pem") is None


def test_speed_of_a_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder that cannot be written has no speed."""
    assert small_write_p95_ms(tmp_path) is not None
    assert [] == list(tmp_path.iterdir())
    assert small_write_p95_ms(tmp_path / "missing") is None
