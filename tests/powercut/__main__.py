"""Cut the power of a guest again and again, and compare what it was told with what it finds.

Its data disk is nbdkit with a volatile write-back cache: a flush of the guest reaches the disk's
file, all else dies with nbdkit, which is killed together with QEMU.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.powercut.guest import NOT_SYNCED
from tests.powercut.image import REPOSITORY, make_empty_disk, make_system, require_programs

BOOT_SECONDS = 240
WRITING_SECONDS = (2.0, 12.0)


class GuestFailedError(Exception):
    """The guest did not come up or did not find its journal whole."""


@dataclass(slots=True)
class Found:
    """What the console of one boot said."""

    chain: int | None = None
    saved: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    lines: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Take in one line of the console."""
        match line.split():
            case ["CHAIN", number]:
                self.chain = int(number)
            case ["SAVED", attempt_id, number]:
                self.saved[attempt_id] = int(number)
            case ["TOLD", attempt_id, number]:
                self.told[attempt_id] = int(number)
            case ["READY"]:
                self.ready.set()
            case _:
                self.lines = [*self.lines[-30:], line]


@dataclass(slots=True)
class Machine:
    """A guest, its system and the disk whose power is cut."""

    build: Path
    is_synced: bool
    accelerator: str
    kernel: Path
    initrd: Path
    system: Path

    @property
    def disk(self) -> Path:
        """Return the file of the disk."""
        return self.build / "data.img"

    def boot_and_cut(self, seconds: float) -> Found:
        """Boot, let it write for so long, and pull the plug."""
        with tempfile.TemporaryDirectory() as folder:
            socket = Path(folder) / "disk"
            disk = subprocess.Popen(
                [
                    *("nbdkit", "--foreground", "--unix", str(socket), "--filter=cache"),
                    *("file", str(self.disk), "cache=writeback"),
                ]
            )
            try:
                return self._boot(socket, seconds)
            finally:
                disk.kill()
                disk.wait(20)

    def _boot(self, socket: Path, seconds: float) -> Found:
        deadline = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        guest = subprocess.Popen(
            self._command(socket),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        found = Found()
        reader = threading.Thread(target=_listen, args=(guest, found))
        reader.start()
        try:
            is_ready = found.ready.wait(BOOT_SECONDS)
            if is_ready:
                found.ended.wait(seconds)
        finally:
            guest.kill()
            guest.wait(20)
            reader.join(20)
        if not is_ready or found.chain is None:
            raise GuestFailedError("\n".join(found.lines))
        return found

    def _command(self, socket: Path) -> list[str]:
        arguments = "console=ttyS0 quiet panic=1 root=/dev/vda ro init=/powercut/init"
        return [
            *("qemu-system-x86_64", "-accel", self.accelerator, "-cpu", "max", "-smp", "2"),
            *("-m", "1024", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"),
            *("-kernel", str(self.kernel), "-initrd", str(self.initrd)),
            *("-append", arguments if self.is_synced else f"{arguments} {NOT_SYNCED}"),
            *("-drive", f"file={self.system},if=virtio,format=raw,readonly=on"),
            *("-drive", f"file=nbd+unix:///?socket={socket},if=virtio,format=raw,cache=writeback"),
        ]


def _listen(guest: subprocess.Popen[str], found: Found) -> None:
    for line in guest.stdout or ():
        # A line that the cut left unfinished was not said.
        if line.endswith("\n"):
            found.take(line.strip())
        if line.startswith("FAILED"):
            found.ready.set()
    found.ready.set()
    found.ended.set()


def _cut_again_and_again(machine: Machine, cuts: int, chance: random.Random) -> int:
    """Return how many acknowledged changes were missing, in all cuts together."""
    make_empty_disk(machine.disk)
    told: dict[str, int] = {}
    missing = 0
    for number in range(cuts + 1):
        found = machine.boot_and_cut(chance.uniform(*WRITING_SECONDS) if number < cuts else 0)
        lost = {name: last - found.saved.get(name, 0) for name, last in told.items()}
        missing += sum(count for count in lost.values() if count > 0)
        print(
            f"boot {number + 1}: {found.chain} entries whole, {sum(told.values())} changes told "
            f"before, {sum(count for count in lost.values() if count > 0)} lost",
            flush=True,
        )
        told = found.saved | found.told
    return missing


def _accelerator() -> str:
    """Return "kvm" where it starts a machine within seconds; /dev/kvm alone promises nothing."""
    command = ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "max", "-nodefaults", "-nographic"]
    probe = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        probe.wait(3)
    except subprocess.TimeoutExpired:
        return "kvm"
    finally:
        probe.kill()
        probe.wait(5)
    return "tcg,thread=multi"


def main() -> None:
    """Cut as often as asked; end with 1 where something told was lost, or nothing ever can be."""
    parser = argparse.ArgumentParser(prog="python -m tests.powercut", description=__doc__)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--accelerator", default="")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "powercut")
    chosen = parser.parse_args()
    require_programs()
    chosen.build.mkdir(parents=True, exist_ok=True)
    system = make_system(chosen.build)
    accelerator = chosen.accelerator or _accelerator()
    seed = time.time_ns()
    print(f"seed {seed}, {accelerator}", flush=True)
    missing = {}
    for is_synced in (True, False):
        print("synchronous=FULL, as shipped" if is_synced else "synchronous=NORMAL", flush=True)
        machine = Machine(chosen.build, is_synced, accelerator, *system)
        missing[is_synced] = _cut_again_and_again(machine, chosen.cuts, random.Random(seed))
    if missing[True]:
        raise SystemExit("Changes that were told to be saved are lost.")
    if not missing[False]:
        raise SystemExit("Nothing was lost without syncing either, so this shows nothing.")


if __name__ == "__main__":
    main()
