"""Make a box what `room.toml` says, at each start: `examroom-provision configure`.

Everything is written below /run, so that a box whose stick was changed is changed by a restart, and
nothing of a former room is left over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.settings import PROBLEM_MAX
from provisioning.room_setup.room_config import (
    RoomConfig,
    RoomFileUnfitError,
    read_room_file,
    safe_room,
)
from provisioning.room_setup.room_network import (
    chrony_configuration,
    dnsmasq_configuration,
    hosts_file,
    networkd_files,
    nftables_configuration,
    room_interface,
)

WIRED = "1"
"""ARPHRD_ETHER of Linux, in /sys/class/net/PORT/type."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What was made of the room file; `problem` is what is wrong with one that was not used."""

    config: RoomConfig
    interface: str | None
    problem: str


def configure(
    room_file: Path, *, system: Path, data_dir: Path, is_on_stick: bool = False
) -> Configured:
    """Write the files of network, names, time, firewall, proxy and exam server below `system`/run.

    With a room file that cannot be used it serves as `safe_room` says, and its page says what is
    wrong with the file.  So it does where a stick is not mounted: nobody knows what is on it.
    """
    problem = ""
    try:
        if is_on_stick and not room_file.parent.is_mount():
            raise RoomFileUnfitError(problem="the settings on the stick cannot be reached")
        config = read_room_file(room_file)
    except RoomFileUnfitError as unfit:
        config, problem = safe_room(room_file), str(unfit.fields["problem"])
    interface = room_interface(config, wired_interfaces(system / "sys/class/net"))
    setup = system / "run/examroom-setup"
    files = {
        "examroom.toml": settings_file(config, data_dir, problem),
        "chrony.conf": chrony_configuration(config),
        "hosts": hosts_file(config),
    }
    if config.centre:
        files["sync.env"] = f"EXAMROOM_CENTRE={config.centre}\n"
    if interface is not None:
        files["nftables.conf"] = nftables_configuration(config, interface)
        if config.network.kind == "own":
            files["dnsmasq.conf"] = dnsmasq_configuration(config, interface)
        _write(system / "run/systemd/network", networkd_files(config, interface))
    _write(setup, files)
    return Configured(config, interface, problem)


def wired_interfaces(net: Path) -> list[str]:
    """Return the names of the ports for cables, by what the kernel says of them."""
    if not net.is_dir():
        return []
    return sorted(
        one.name
        for one in net.iterdir()
        if (one / "device").exists()
        and not (one / "wireless").exists()
        and (one / "type").read_text(encoding="ascii").strip() == WIRED
    )


def settings_file(config: RoomConfig, data_dir: Path, problem: str) -> str:
    """Return the settings of the exam server behind its proxy."""
    values = {
        "data_dir": str(data_dir),
        "room": config.room,
        "host": "127.0.0.1",
        "public_origin": f"https://{config.name}",
        "proxy_address": "127.0.0.1",
        "standby_of": config.standby_of,
        "room_file_problem": problem[:PROBLEM_MAX],
    }
    # A JSON string is a TOML basic string.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
