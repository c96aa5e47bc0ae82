"""What opens a box's encrypted disk, and what a start does while that is not there.

The disk is a file, and the real cryptsetup writes its header; what needs a device-mapper, a stick
or a person is played.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "usb_image/mkosi.profiles/box/mkosi.extra"
PROGRAM = IMAGE / "usr/lib/examroom-image/open-data"
CRYPTSETUP = shutil.which("cryptsetup", path="/usr/sbin:/sbin:/usr/bin")
MIB = 2**20
TOKEN = (
    '{"type":"systemd-tpm2","keyslots":[],"tpm2-blob":"",'
    '"tpm2-pcrs":[7,12],"tpm2-policy-hash":"00"}'
)
PUT_IN = "(the stick)"
TOOL = """#!/bin/sh
set -eu
cd "{root}"
echo "${{0##*/}} $*" >> calls
mapped=mapper/examroom-data
partition="{root}/disk/by-partlabel/examroom-data"
put_in() {{ ln -sfn "{root}/stick" "disk/$(cat called)/EXAMROOMKEY"; }}
case "${{0##*/}} $*" in
    "cryptsetup open"*)
        shift
        {cryptsetup} open --test-passphrase "$@" && touch $mapped ;;
    # What is stretched as much as for people makes tests wait.
    "cryptsetup luksAddKey --pbkdf argon2id"*)
        {cryptsetup} "$@" --pbkdf-memory 32 --pbkdf-force-iterations 4 --pbkdf-parallel 1 ;;
    cryptsetup*) {cryptsetup} "$@" ;;
    "systemd-cryptenroll --wipe-slot=tpm2"*) {cryptsetup} token remove --token-id 0 "$partition" ;;
    # As the real program: it wants a key of the disk's, and does nothing where one is enrolled.
    "systemd-cryptenroll "*)
        [ ! -e refusing ]
        {cryptsetup} open --test-passphrase --key-file "${{1#*=}}" "$partition"
        ! {cryptsetup} token export --token-id 0 "$partition" > token || exit 0
        rm -f forgotten
        echo '{token}' | {cryptsetup} token import "$partition" ;;
    "systemd-cryptsetup attach"*) [ ! -e forgotten ] && touch $mapped ;;
    "mount -t vfat"*)
        case "$4" in rw*) [ ! -e write-protected ] ;; esac
        rmdir "$6" && ln -s "$(readlink "$5")" "$6" ;;
    "umount "*) [ ! -L "$1" ] || rm "$1" ;;
    "sleep "*)
        if [ "$(grep -c ^sleep calls)" -ge 3 ] && [ -e late ]; then put_in; fi ;;
    "systemd-ask-password "*)
        answer=$(head -n 1 answers)
        sed -i 1d answers
        [ "$answer" != "{put_in}" ] || {{ put_in; answer=""; }}
        echo "$answer" ;;
esac
"""
TOOLS = (
    *("cryptsetup", "systemd-cryptenroll", "systemd-cryptsetup", "systemd-ask-password"),
    *("mount", "umount", "sleep", "udevadm", "mkfs.ext4"),
)


class Box:
    """A box with an empty disk; `signs` are what is true of it."""

    def __init__(self, root: Path, *signs: str, called: str = "by-label") -> None:
        self._root = root
        for name in ("disk/by-label", "disk/by-partlabel", "mapper", "run", "stick", "bin"):
            (root / name).mkdir(parents=True)
        with (root / "disk/by-partlabel/examroom-data").open("wb") as file:
            file.truncate(32 * MIB)
        (root / "called").write_text(called)
        tool = root / "bin" / "tool"
        tool.write_text(TOOL.format(root=root, cryptsetup=CRYPTSETUP, token=TOKEN, put_in=PUT_IN))
        tool.chmod(0o755)
        for name in TOOLS:
            (root / "bin" / name).symlink_to(tool)
        text = PROGRAM.read_text(encoding="utf-8").replace("/usr/lib/systemd/", "")
        for there, here in (("/dev/disk/", "disk"), ("/dev/mapper/", "mapper"), ("/run/", "run")):
            text = text.replace(there, f"{root}/{here}/")
        (root / "open-data").write_text(text.replace("/dev/tpmrm0", f"{root}/tpmrm0"))
        for sign in signs:
            self.now(sign)

    def now(self, sign: str) -> None:
        """Let something be true from now on."""
        if sign == "stick":
            (self._root / "disk" / self._called / "EXAMROOMKEY").symlink_to(self._root / "stick")
        else:
            (self._root / sign).touch()

    def no_longer(self, sign: str) -> None:
        """Let something be true no longer."""
        known = {"stick": f"disk/{self._called}/EXAMROOMKEY"}
        (self._root / known.get(sign, sign)).unlink()

    def start(self, *answers: str) -> str:
        """Start; return what was said and asked, one after the other."""
        (self._root / "mapper/examroom-data").unlink(missing_ok=True)
        (self._root / "calls").write_text("")
        (self._root / "answers").write_text("".join(f"{one}\n" for one in answers))
        done = subprocess.run(
            ["/bin/sh", str(self._root / "open-data")],
            env={"PATH": f"{self._root}/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert 0 == done.returncode, done.stderr
        assert (self._root / "mapper/examroom-data").exists(), done.stderr
        assert "" == (self._root / "answers").read_text()
        asked = [one for one in self.calls.splitlines() if one.startswith("systemd-ask-password")]
        return "\n".join([*done.stdout.splitlines(), *asked])

    def give_a_key(self) -> None:
        """Put the disk's spare key on the stick, which the centre takes out of its header."""
        disk = self._root / "disk/by-partlabel/examroom-data"
        command = [str(CRYPTSETUP), "luksUUID", str(disk)]
        uuid = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        spare = self._root / "run/examroom-image-inside/lib/examroom-credentials/disk.key"
        shutil.copy(spare, self._root / "stick" / f"examroom-{uuid.stdout.strip()}.key")

    @property
    def keys_on_the_stick(self) -> list[Path]:
        """Return the files with keys."""
        return sorted((self._root / "stick").glob("examroom-*.key"))

    @property
    def calls(self) -> str:
        """Return what the tools were called with at the last start."""
        return (self._root / "calls").read_text()

    @property
    def _called(self) -> str:
        return (self._root / "called").read_text()


@pytest.fixture(autouse=True)
def _has_cryptsetup() -> None:
    if CRYPTSETUP is None:
        pytest.skip("cryptsetup writes the headers of these disks")


def test_chip_opens_the_disk_and_nobody_is_asked(tmp_path: Path) -> None:
    """Also with a stick in, which gets no key."""
    box = Box(tmp_path, "tpmrm0", "stick")
    assert ["", ""] == [box.start(), box.start()]
    assert "systemd-cryptsetup attach" in box.calls
    assert [] == box.keys_on_the_stick


@pytest.mark.parametrize("called", ["by-label", "by-partlabel"])
def test_stick_is_known_by_the_name_of_its_volume_or_its_partition(
    tmp_path: Path, called: str
) -> None:
    """Any laptop gives the first; the key stays on the stick and opens the disk."""
    box = Box(tmp_path, "stick", called=called)
    assert "" == box.start()
    assert 1 == len(box.keys_on_the_stick)
    assert "" == box.start()
    assert [tmp_path / "stick"] == [one.parent for one in box.keys_on_the_stick]


def test_stick_may_be_found_some_seconds_after_the_start(tmp_path: Path) -> None:
    """At the first start, and at others nobody is asked for what was never chosen."""
    box = Box(tmp_path, "late")
    assert "" == box.start()
    assert 1 == len(box.keys_on_the_stick)
    box.no_longer("stick")
    assert "Put in the stick EXAMROOMKEY with the key of this box's disk." == box.start()


@pytest.mark.parametrize("content", [b"", b"wrong"])
def test_key_of_another_disk_is_as_none(tmp_path: Path, content: bytes) -> None:
    """The start goes on to look until somebody brings the right one."""
    box = Box(tmp_path, "stick")
    box.start()
    (key,) = box.keys_on_the_stick
    right = key.read_bytes()
    key.write_bytes(content)
    sleep = tmp_path / "bin" / "sleep"
    sleep.unlink()
    (tmp_path / "right").write_bytes(right)
    sleep.write_text(f"#!/bin/sh\ncp {tmp_path}/right {key}\n")
    sleep.chmod(0o755)
    assert box.start().startswith("Put in the stick EXAMROOMKEY")


def test_passphrase_is_asked_for_until_it_is_right(tmp_path: Path) -> None:
    """Neither an empty one nor one mistyped is taken; the end of the line is no part of it."""
    box = Box(tmp_path)
    chosen = box.start("", "", "correct horse", "correct hoarse", "correct horse", "correct horse")
    assert 3 == chosen.count("Choose a passphrase")
    assert 3 == chosen.count("once more")
    asked = box.start("battery staple", "correct horse")
    assert 2 == asked.count("Passphrase of this box's disk, or put in its stick EXAMROOMKEY")


def test_stick_is_looked_for_again_at_each_asking(tmp_path: Path) -> None:
    """A disk that somebody has given both."""
    box = Box(tmp_path, "stick")
    box.start()
    (key,) = box.keys_on_the_stick
    disk = tmp_path / "disk/by-partlabel/examroom-data"
    command = [tmp_path / "bin/cryptsetup", "luksAddKey", "--pbkdf", "argon2id"]
    subprocess.run([*command, "--key-file", key, disk, "-"], input=b"both", check=True, timeout=60)
    box.no_longer("stick")
    assert 1 == box.start("both").count("systemd-ask-password")
    assert 1 == box.start(PUT_IN).count("systemd-ask-password")


def test_chip_that_refuses_does_not_stop_the_first_start(tmp_path: Path) -> None:
    """The next best opens the disk, then and later."""
    box = Box(tmp_path, "tpmrm0", "refusing", "stick")
    assert "" == box.start()
    assert 1 == len(box.keys_on_the_stick)
    box.no_longer("refusing")
    assert "" == box.start()
    assert "attach" not in box.calls


def test_chip_that_forgot_is_taught_anew_from_a_key_on_a_stick(tmp_path: Path) -> None:
    """The key is what the centre unseals from the header; the chip alone opens the disk again."""
    box = Box(tmp_path, "tpmrm0")
    box.start()
    box.give_a_key()
    box.now("forgotten")
    box.now("late")
    said = box.start()
    assert said.splitlines() == [
        "The security chip does not open this box's disk.",
        "Put in the stick EXAMROOMKEY with the key of this box's disk.",
    ]
    box.no_longer("stick")
    box.no_longer("late")
    assert "" == box.start()
    assert "systemd-cryptsetup attach" in box.calls


def test_chip_that_cannot_be_taught_does_not_stop_the_start(tmp_path: Path) -> None:
    """The stick opens the disk at this start and at the next; it is then a box with a key stick."""
    box = Box(tmp_path, "tpmrm0", "stick")
    box.start()
    box.give_a_key()
    box.now("forgotten")
    box.now("refusing")
    assert 2 == box.start().count("security chip")
    assert "" == box.start()
    assert "attach" not in box.calls


def test_stick_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    """A passphrase is chosen, and nothing else opens the disk."""
    box = Box(tmp_path, "stick", "write-protected")
    assert "Choose a passphrase" in box.start("correct horse", "correct horse")
    assert [] == box.keys_on_the_stick
    assert box.start("correct horse").startswith("systemd-ask-password")
