"""What a box makes of room.toml: its network, names, firewall and settings."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from appliance.settings import Settings
from provisioning.room_setup.configure import configure, wired_interfaces
from provisioning.room_setup.room_config import RoomConfig, RoomFileUnfitError, read_room_file
from provisioning.room_setup.room_network import dnsmasq_configuration, nftables_configuration

ROOM = """
room = "Aula"
name = "box1.aula.school.example"
centre = "https://centre.school.example"

[network]
address = "10.20.0.1/16"
first_client = "10.20.1.1"
last_client = "10.20.4.254"

[[other_boxes]]
name = "box2.aula.school.example"
address = "10.20.0.2"
"""


def _machine(root: Path, *ports: str) -> Path:
    """Make the part of /sys that tells which ports there are."""
    for port in ports:
        (root / "sys/class/net" / port / "device").mkdir(parents=True)
        (root / "sys/class/net" / port / "type").write_text("1\n")
    (root / "sys/class/net/lo").mkdir(parents=True)
    (root / "sys/class/net/lo/type").write_text("772\n")
    return root


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _configure(tmp_path: Path, text: str, *ports: str) -> Path:
    """Return the folder of what was made for a machine with these ports."""
    machine = _machine(tmp_path, *ports)
    configure(_write(tmp_path / "room.toml", text), system=machine, data_dir=Path("/d"))
    return machine / "run"


def test_room_file_is_read_when_a_windows_editor_wrote_it(tmp_path: Path) -> None:
    """A byte order mark and its line ends are no reason for a dark room."""
    path = tmp_path / "room.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ROOM.replace("\n", "\r\n").encode())
    assert "Aula" == read_room_file(path).room


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('rom = "Aula"', "rom"),
        ('name = "not a name"', "name"),
        ("[network\n", "line 1"),
        ('[network]\nfirst_client = "192.168.1.1"', "192.168.1.1"),
        ('[network]\naddress = "10.77.1.5/22"', "among those for clients"),
        ("x" * 70_000, "64 KiB"),
    ],
)
def test_room_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    """The sentence names the line or the word."""
    with pytest.raises(RoomFileUnfitError, match=named):
        read_room_file(_write(tmp_path / "room.toml", text))


def test_box_gives_no_addresses_when_the_stick_with_its_room_file_is_not_there(
    tmp_path: Path,
) -> None:
    """It may say that the network is the school's."""
    machine = _machine(tmp_path, "enp1s0")
    file = tmp_path / "stick" / "room.toml"
    done = configure(file, system=machine, data_dir=Path("/d"), is_on_stick=True)
    assert ("school", False) == (
        done.config.network.kind,
        (machine / "run/examroom-setup/dnsmasq.conf").exists(),
    )
    assert "stick" in done.problem
    done = configure(file, system=machine, data_dir=Path("/d"))
    assert ("own", "") == (done.config.network.kind, done.problem)


def test_box_has_the_defaults_when_there_is_no_room_file(tmp_path: Path) -> None:
    """A fresh stick serves a room of its own."""
    assert RoomConfig() == read_room_file(tmp_path / "room.toml")


def test_settings_are_those_of_a_box_behind_its_proxy(tmp_path: Path) -> None:
    """The exam server reads what was written, and listens to its own machine only."""
    setup = _configure(tmp_path, ROOM, "enp2s0", "enp1s0") / "examroom-setup"
    settings = Settings.model_validate(tomllib.loads((setup / "examroom.toml").read_text()))
    assert ("127.0.0.1", "127.0.0.1") == (settings.host, settings.proxy_address)
    assert ("Aula", "https://box1.aula.school.example") == (settings.room, settings.public_origin)
    assert "EXAMROOM_CENTRE=https://centre.school.example\n" == (setup / "sync.env").read_text()


@pytest.mark.parametrize(
    ("text", "gives_addresses"),
    [
        ("room = 7", False),
        ('[network]\nkind = "school"\nport = "x"', False),
        ('[netwrok]\nkind = "school"', False),
        ("[network", False),
        ("network = 7", False),
        ('room = 7\n[network]\nkind = "own"', True),
    ],
)
def test_box_with_a_bad_room_file_gives_addresses_only_where_it_is_told(
    tmp_path: Path, text: str, *, gives_addresses: bool
) -> None:
    """A typo does not take down the school; the box serves, and says what is wrong."""
    machine = _machine(tmp_path, "enp1s0")
    file = _write(tmp_path / "room.toml", text)
    done = configure(file, system=machine, data_dir=Path("/d"))
    setup = machine / "run/examroom-setup"
    settings = Settings.model_validate(tomllib.loads((setup / "examroom.toml").read_text()))
    assert done.problem
    assert done.problem == settings.room_file_problem
    assert gives_addresses == (setup / "dnsmasq.conf").exists()


def test_other_ports_than_the_rooms_only_ask_for_an_address(tmp_path: Path) -> None:
    """The box gives addresses in the room, and never in the network of the house."""
    run = _configure(tmp_path, ROOM, "enp1s0", "enp2s0")
    network = run / "systemd/network"
    assert "Name=enp1s0" in (network / "10-room.network").read_text()
    assert "Address=10.20.0.1/16" in (network / "10-room.network").read_text()
    assert "DHCP=ipv4" in (network / "20-uplink.network").read_text()
    assert "interface=enp1s0\n" in (run / "examroom-setup/dnsmasq.conf").read_text()


def test_wireless_and_virtual_ports_are_no_ports_for_the_room(tmp_path: Path) -> None:
    """Only what takes a cable."""
    machine = _machine(tmp_path, "enp1s0", "wlp2s0")
    (machine / "sys/class/net/wlp2s0/wireless").mkdir()
    assert ["enp1s0"] == wired_interfaces(machine / "sys/class/net")


def test_schools_network_gets_no_addresses_from_the_box(tmp_path: Path) -> None:
    """Two givers of addresses in one network would take down the school."""
    run = _configure(tmp_path, '[network]\nkind = "school"\n', "enp1s0")
    assert not (run / "examroom-setup/dnsmasq.conf").exists()
    assert "DHCP=ipv4" in (run / "systemd/network/10-room.network").read_text()
    rules = (run / "examroom-setup/nftables.conf").read_text()
    assert "udp dport { 53, 67, 123 }" not in rules


def test_dnsmasq_understands_its_file(tmp_path: Path) -> None:
    """The real program reads every line."""
    config = read_room_file(_write(tmp_path / "room.toml", ROOM))
    file = _write(tmp_path / "dnsmasq.conf", dnsmasq_configuration(config, "lo"))
    done = subprocess.run(
        ["/usr/sbin/dnsmasq", "--test", f"--conf-file={file}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (0, "dnsmasq: syntax check OK.\n") == (done.returncode, done.stderr)


def test_clients_are_told_of_every_box_and_of_no_way_out(tmp_path: Path) -> None:
    """The standby's name is known when the other box is dead; there is no gateway."""
    config = read_room_file(_write(tmp_path / "room.toml", ROOM))
    lines = dnsmasq_configuration(config, "enp1s0").splitlines()
    assert "dhcp-option=option:router" in lines
    assert "dhcp-option=option:dns-server,10.20.0.1,10.20.0.2" in lines
    assert "host-record=box2.aula.school.example,staff.box2.aula.school.example,10.20.0.2" in lines


def test_firewall_lets_nothing_through() -> None:
    """The box is no way from the room to anywhere."""
    rules = nftables_configuration(RoomConfig(), "enp1s0")
    assert "hook forward priority filter; policy drop" in rules
    assert "hook input priority filter; policy drop" in rules


def test_box_knows_the_others_of_its_room_without_asking(tmp_path: Path) -> None:
    """A standby follows the leading box by its name, also in a room where nobody gives names."""
    made = _configure(tmp_path, ROOM, "enp1s0") / "examroom-setup"
    lines = (made / "hosts").read_text(encoding="utf-8").splitlines()
    assert "10.20.0.1 box1.aula.school.example staff.box1.aula.school.example" in lines
    assert "10.20.0.2 box2.aula.school.example staff.box2.aula.school.example" in lines


def test_box_in_the_school_s_network_asks_it_for_names(tmp_path: Path) -> None:
    """Addresses there are the school's, and may change."""
    text = ROOM.replace('address = "10.20.0.1/16"', 'kind = "school"')
    made = _configure(tmp_path, text, "enp1s0") / "examroom-setup"
    assert "school.example" not in (made / "hosts").read_text(encoding="utf-8")
