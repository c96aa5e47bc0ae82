"""A play of a box whose security chip has forgotten the key of its disk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.image.centre import command
from tests.image.room import enrol
from tests.image.stage import Stage, wait_for_words
from tests.image.sticks import copy_in, empty_stick, partition

HEADER_BYTES = 16 * 2**20
REFUSED = b"The security chip does not open this box's disk."


def play_new_chip(stage: Stage) -> None:
    """The centre unseals the disk's spare key; by a stick with it the chip learns its own anew."""
    box = stage.boxes[0]
    box.machine.start()
    enrol(stage)
    box.machine.pull_the_plug()
    shutil.rmtree(box.machine.folder / "chip")
    box.machine.start()
    stage.say("power on with another chip")
    wait_for_words(box.machine, REFUSED)
    stage.say("the chip does not open the disk, and the box says so")
    stick = _key_stick(stage, box.machine.disk)
    box.machine.put_in(stick, "key")
    stage.say(f"it serves {box.wait_until_serving():.0f} s after the stick was put in")
    box.machine.pull_the_plug()
    box.machine.start()
    stage.say(f"without the stick: power to serving {box.wait_until_serving():.0f} s")


def _key_stick(stage: Stage, disk: Path) -> Path:
    """Do what the pages say (docs/operating/dead-box.md) with the disk at another computer."""
    header, token, key = (stage.work / name for name in ("header.raw", "token.json", "disk.key"))
    with disk.open("rb") as file:
        file.seek(int(partition(disk, "examroom-data").partition("@@")[2]))
        header.write_bytes(file.read(HEADER_BYTES))
    token.write_text(_run("cryptsetup", "token", "export", "--token-id", "7", str(header)))
    recovery = str(stage.centre.data / "keys")
    _run(command("examroom-central"), "disk-key", "--recovery", recovery, str(token), str(key))
    uuid = _run("cryptsetup", "luksUUID", str(header)).strip()
    stick = empty_stick(stage.work / "key.stick", "EXAMROOMKEY")
    copy_in(str(stick), key, f"/examroom-{uuid}.key")
    stage.say("the centre has taken the spare key out of the disk's header")
    return stick


def _run(*given: str) -> str:
    return subprocess.run(given, capture_output=True, text=True, check=True, timeout=60).stdout
