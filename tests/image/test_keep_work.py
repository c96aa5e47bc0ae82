"""What the client's root program does to the stick, told by the tools it calls.

The tools are played here, because a device-mapper is needed for the real ones: `make image-test`
runs those in the client itself.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "usb_image/mkosi.profiles/client/mkosi.extra"
PROGRAM = IMAGE / "usr/lib/examroom-image/keep-work"
VOLUME, KEY = "0b5c8f2e-6a1d-4e3f-9b7a-2c4d6e8f0a1b", "ab" * 32
TOOL = """#!/bin/sh
echo "${{0##*/}} $*" >> "{folder}/calls"
case "${{0##*/}} $1" in
    "own-disk ") echo /dev/boot ;;
    "lsblk "*) [ ! -e "{folder}/partition" ] || echo "/dev/boot5 examroom-client-data" ;;
    "blockdev "*) [ -e "{folder}/read-only" ] && echo 1 || echo 0 ;;
    "cryptsetup luksDump") [ ! -e "{folder}/made" ] || echo "Label:         	examroom-kept" ;;
    "cryptsetup luksUUID") echo {volume} ;;
    "cryptsetup open") cat > "{folder}/key"; [ ! -e "{folder}/foreign" ] ;;
    "cryptsetup luksFormat") cat > /dev/null ;;
    "mountpoint "*) [ -e "{folder}/mounted" ] ;;
esac
"""
TOOLS = (
    *("own-disk", "lsblk", "blockdev", "cryptsetup", "mountpoint", "systemd-repart", "udevadm"),
    *("mkfs.ext4", "e2fsck", "mount", "install"),
)


class Stick:
    """A stick with a program that looks after it; `signs` are what is true of it."""

    def __init__(self, folder: Path, *signs: str) -> None:
        self._folder = folder
        tool = folder / "tool"
        tool.write_text(TOOL.format(folder=folder, volume=VOLUME))
        tool.chmod(0o755)
        (folder / "bin").mkdir()
        for name in TOOLS:
            (folder / "bin" / name).symlink_to(tool)
        for sign in signs:
            (folder / sign).touch()
        text = PROGRAM.read_text().replace("/usr/lib/examroom-image/own-disk", "own-disk")
        (folder / "keep-work").write_text(text)

    def told(self, line: str) -> str:
        """Return the answer to a line."""
        done = subprocess.run(
            ["/bin/sh", str(self._folder / "keep-work")],
            input=f"{line}\n",
            env={"PATH": f"{self._folder}/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.stdout.strip()

    @property
    def calls(self) -> str:
        """Return what the tools were called with."""
        return (self._folder / "calls").read_text()


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ((), "none"),
        (("read-only",), "none"),
        (("partition", "read-only"), "none"),
        (("partition", "made"), f"closed {VOLUME}"),
        (("partition", "made", "mounted"), "open"),
    ],
)
def test_look_says_what_there_is(tmp_path: Path, signs: tuple[str, ...], expected: str) -> None:
    """A stick that is full, read-only, kept by an earlier start, open."""
    assert expected == Stick(tmp_path, *signs).told("look")


def test_partition_is_made_on_the_disk_that_was_started_from(tmp_path: Path) -> None:
    """And on none that cannot be written."""
    stick = Stick(tmp_path)
    stick.told("look")
    (repart,) = [one for one in stick.calls.splitlines() if one.startswith("systemd-repart")]
    assert repart.endswith(" /dev/boot")
    (tmp_path / "calls").unlink()
    (tmp_path / "read-only").touch()
    stick.told("look")
    assert "systemd-repart" not in stick.calls


def test_empty_place_gets_a_new_name_and_is_made(tmp_path: Path) -> None:
    """The key goes in by standard input, where no list of processes shows it."""
    stick = Stick(tmp_path, "partition")
    verb, volume = stick.told("look").split()
    assert "empty" == verb
    assert "open" == stick.told(f"make {volume} {KEY}")
    assert f"--uuid {volume}" in stick.calls
    assert KEY == (tmp_path / "key").read_text()
    assert KEY not in stick.calls


def test_what_is_kept_is_never_made_anew(tmp_path: Path) -> None:
    """Whoever asks for it, and whatever did not open it."""
    stick = Stick(tmp_path, "partition", "made", "foreign")
    assert "" == stick.told(f"open {KEY}")
    assert "" == stick.told(f"make {VOLUME} {KEY}")
    for tool in ("luksFormat", "mkfs", "luksErase", "--label"):
        assert tool not in stick.calls


def test_only_letters_of_names_and_keys_reach_the_tools(tmp_path: Path) -> None:
    """The guard speaks with the network, and this program is root's."""
    stick = Stick(tmp_path, "partition")
    for line in ("make /dev/sda key", "make --header=/x ab", "open $(id)", "erase", ""):
        assert "" == stick.told(line)
    assert "cryptsetup" not in stick.calls


def test_all_is_forgotten_in_an_order_that_survives_a_power_cut(tmp_path: Path) -> None:
    """First it is no longer what is kept, then nothing opens it: between the two it is empty."""
    stick = Stick(tmp_path, "partition", "made")
    assert "forgotten" == stick.told("forget")
    assert stick.calls.index("config --label") < stick.calls.index("luksErase")
