"""A play: somebody takes a box whole, with its security chip, and starts something else on it.

The image is signed (`make image SECURE_BOOT=...`), and the firmware was made ready for a new key
before the first start.  Whatever the thief starts, the chip keeps the key of the disk.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image.bare_debian import bare_debian
from tests.image.machine import Machine
from tests.image.new_chip import REFUSED
from tests.image.staff import wait_until_serving
from tests.image.stage import START_SECONDS, Stage, wait_for_words
from tests.image.sticks import copy_in, copy_out, list_folder, partition, remove_folder

ENROLLED = b"Custom Secure Boot keys successfully enrolled"
"""The words of systemd-boot."""
SHELL = "systemd.debug_shell=ttyS0"
ANOTHER_SYSTEM = b"Access Denied"
"""The firmware's."""
ANOTHER_FILE = b"Access denied"
"""Of systemd-boot."""
VERSIONS, KEYS = "/EFI/Linux", "/loader/keys"
WORD, OTHER_WORD = b" quiet ", b" quieT "


def play_thief(stage: Stage) -> None:
    """Start another system, the box's own with a shell, a changed one, and that one unchecked."""
    machine = stage.boxes[0].machine
    machine.secure_boot = True
    with _power(machine):
        wait_for_words(machine, ENROLLED)
        stage.say("the firmware has taken the key of the image and starts signed systems only")
        _wait_until_serving(stage)
    _start_another_system(stage, machine)
    machine.words = SHELL
    with _power(machine):
        wait_for_words(machine, REFUSED)
    machine.words = ""
    stage.say("with words added to its command line it is started, and the chip keeps the key")
    own = shutil.copy(machine.disk, stage.work / "own.stick")
    changed = _change_what_is_started(stage, machine)
    with _power(machine):
        wait_for_words(machine, ANOTHER_FILE)
    stage.say("a changed file is not started")
    kept = _switch_secure_boot_off(machine)
    with _power(machine):
        wait_for_words(machine, REFUSED)
    stage.say(f"with Secure Boot off {changed} is started, and the chip keeps the key")
    kept.rename(machine.folder / "firmware.fd")
    shutil.move(own, machine.disk)
    with _power(machine):
        _wait_until_serving(stage)


@contextmanager
def _power(machine: Machine) -> Iterator[None]:
    """Power on; the plug is pulled at the end."""
    console = machine.folder / "console.log"
    if console.exists():
        console.rename(machine.folder / f"console-{time.monotonic_ns()}.log")
    machine.start()
    try:
        yield
    finally:
        machine.pull_the_plug()


def _wait_until_serving(stage: Stage) -> None:
    box = stage.boxes[0]
    # Nobody has enrolled it: its certificate is of its own making.
    seconds = wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
    stage.say(f"the box serves after {seconds:.0f} s")


def _start_another_system(stage: Stage, machine: Machine) -> None:
    """Put another stick into the machine: same firmware, same chip."""
    bare = bare_debian(stage.work.parent.parent / "bare-debian", stage.work)
    bare.folder, bare.security_chip, bare.secure_boot = machine.folder, True, True
    with _power(bare):
        wait_for_words(bare, ANOTHER_SYSTEM)
    stage.say("another system is not started")


def _change_what_is_started(stage: Stage, machine: Machine) -> str:
    """Change one letter of the command line, as whoever wants a shell would; return the file."""
    esp = partition(machine.disk, "esp")
    (name,) = list_folder(esp, VERSIONS)
    file = stage.work / name
    if not copy_out(esp, f"{VERSIONS}/{name}", file):
        raise RuntimeError(f"{name} cannot be read")
    content = file.read_bytes()
    if WORD not in content:
        raise RuntimeError(f"{name} has another command line")
    file.write_bytes(content.replace(WORD, OTHER_WORD))
    copy_in(esp, file, f"{VERSIONS}/{name}")
    return name


def _switch_secure_boot_off(machine: Machine) -> Path:
    """Clear the firmware's keys, and take away what it would take again; return what it knew."""
    remove_folder(partition(machine.disk, "esp"), KEYS)
    return (machine.folder / "firmware.fd").rename(machine.folder / "firmware.kept")
