"""The name of a computer that kept nothing: the same at each start, another for another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk_client.memory import keep_memory, load_memory


def _computer(root: Path, **interfaces: tuple[str, str, bool]) -> Path:
    """Make a computer whose interfaces have an address, how it was assigned, and a device."""
    for name, (address, assigned, is_built) in interfaces.items():
        folder = root / "sys/class/net" / name
        folder.mkdir(parents=True)
        (folder / "address").write_text(f"{address}\n")
        (folder / "addr_assign_type").write_text(f"{assigned}\n")
        if is_built:
            (folder / "device").mkdir()
    return root


ETH = ("52:54:00:77:00:10", "0", True)
WLAN = ("9c:b6:d0:00:00:01", "0", True)
BRIDGE = ("02:42:00:00:00:01", "0", False)
MADE_UP = ("02:11:22:33:44:55", "1", True)


def test_computer_that_forgot_everything_has_its_name_again(tmp_path: Path) -> None:
    """A client that lost its power is the same workstation; an unlike computer is another."""
    first = _computer(tmp_path / "first", eth0=ETH, wlan0=WLAN, docker0=BRIDGE)
    same = _computer(tmp_path / "same", eth0=ETH, wlan0=MADE_UP, veth1=MADE_UP)
    other = _computer(tmp_path / "other", wlan0=WLAN)
    nowhere = tmp_path / "nothing-kept"
    name = load_memory(nowhere, first).workstation_id
    assert name == load_memory(nowhere, same).workstation_id
    assert name != load_memory(nowhere, other).workstation_id
    assert ETH[0].replace(":", "") not in name


@pytest.mark.parametrize("interfaces", [{}, {"lo": BRIDGE}, {"wlan0": MADE_UP}])
def test_computer_without_an_address_of_its_own_gets_a_name_by_chance(
    tmp_path: Path, interfaces: dict[str, tuple[str, str, bool]]
) -> None:
    """What was made up, or is nobody's, says nothing of a computer."""
    root = _computer(tmp_path / "root", **interfaces)
    names = {load_memory(tmp_path / "nothing-kept", root).workstation_id for _ in range(5)}
    assert 5 == len(names)


def test_name_that_was_kept_stays(tmp_path: Path) -> None:
    """Also when a network card is changed."""
    before = load_memory(tmp_path / "kept", _computer(tmp_path / "before", eth0=ETH))
    keep_memory(tmp_path / "kept", before)
    assert before == load_memory(tmp_path / "kept", _computer(tmp_path / "after", eth0=WLAN))
