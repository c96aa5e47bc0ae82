"""A whole machine in QEMU, for the test of the images: disk, cables, keys, screen."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.image.acceleration import acceleration

FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
SIGNED_FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd")
VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
ROOM = "230.77.0.1:17700"
"""The room's cable: a multicast group that never leaves loopback."""
SCREEN_WIDTH, SCREEN_HEIGHT = 1280, 800
_KEYS = {"-": "minus", " ": "spc", ".": "dot", ",": "comma", "\n": "ret"}


class Monitor:
    """The machine's monitor (QMP)."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(60)
        self._line.connect(str(path))
        self._read = self._line.makefile("r", encoding="utf-8")
        self._read.readline()
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: Any) -> Any:
        """Run a command and return what it gives; raises RuntimeError with QEMU's words."""
        request = {"execute": command, "arguments": arguments}
        self._line.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = json.loads(self._read.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


@dataclass(slots=True)
class Machine:
    """One machine; `start` is pushing its power button, `pull_the_plug` what it says."""

    name: str
    folder: Path
    disk: Path
    memory_mib: int
    mac: int
    screen: bool = False
    security_chip: bool = False
    secure_boot: bool = False
    """Its firmware takes the first key that is brought, and starts what is signed with that."""
    built_in: bool = False
    """Whether its disk is no stick."""
    forwarded: dict[int, int] = field(default_factory=dict)
    """Port of this computer to port of the machine, by a second cable."""
    words: str = ""
    """What somebody adds to the command line of its system."""
    extra: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    chip: subprocess.Popen[bytes] | None = None
    monitor: Monitor | None = None

    def start(self) -> None:
        """Power on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        variables = self.folder / "firmware.fd"
        if not variables.exists():
            shutil.copy(VARIABLES, variables)
        socket_path = self.folder / "monitor"
        socket_path.unlink(missing_ok=True)
        if self.security_chip:
            self._start_chip()
        with (self.folder / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                self._command(variables, socket_path), stdout=console, stderr=console
            )
        deadline = time.monotonic() + 60
        while self.monitor is None:
            time.sleep(0.2)
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                self.monitor = Monitor(socket_path)
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start: {self.folder / 'console.log'}")

    def _start_chip(self) -> None:
        """Start the TPM; it loses its power with the machine and keeps its secrets in a folder."""
        chip = self.folder / "chip"
        chip.mkdir(exist_ok=True)
        (chip / "socket").unlink(missing_ok=True)
        control = f"type=unixio,path={chip / 'socket'}"
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={chip}", "--ctrl", control]
        self.chip = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (chip / "socket").exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the TPM of the test did not start")
            time.sleep(0.1)

    def _command(self, variables: Path, monitor: Path) -> list[str]:
        mac = f"52:54:00:77:00:{self.mac:02x}"
        stick = "usb-storage,removable=on"
        words = f"console=ttyS0 systemd.journald.forward_to_console=1 {self.words}"
        firmware = SIGNED_FIRMWARE if self.secure_boot else FIRMWARE
        board = "q35,smm=on" if self.secure_boot else "q35"
        command = [
            *("qemu-system-x86_64", "-nodefaults", "-machine", board),
            *(*acceleration(FIRMWARE), "-smp", "2", "-m", str(self.memory_mib)),
            *("-serial", "stdio", "-display", "none", "-qmp", f"unix:{monitor},server=on,wait=off"),
            *("-drive", f"if=pflash,format=raw,readonly=on,file={firmware}"),
            *("-drive", f"if=pflash,format=raw,file={variables}"),
            *("-device", "qemu-xhci,id=usb", "-device", "virtio-rng-pci"),
            *("-drive", f"if=none,id=disk,format=raw,file={self.disk}"),
            *("-device", f"{'virtio-blk-pci' if self.built_in else stick},drive=disk,bootindex=0"),
            *("-netdev", f"socket,id=room,mcast={ROOM},localaddr=127.0.0.1"),
            *("-device", f"virtio-net-pci,netdev=room,romfile=,mac={mac}"),
            *("-smbios", f"type=11,value=io.systemd.stub.kernel-cmdline-extra={words}"),
        ]
        if self.secure_boot:
            command += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        if self.forwarded:
            ports = "".join(
                f",hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in self.forwarded.items()
            )
            command += ["-netdev", f"user,id=outside,restrict=on{ports}"]
            command += ["-device", "virtio-net-pci,netdev=outside,romfile="]
        if self.security_chip:
            socket_of_chip = self.folder / "chip" / "socket"
            command += ["-chardev", f"socket,id=chip,path={socket_of_chip}"]
            command += ["-tpmdev", "emulator,id=tpm,chardev=chip", "-device", "tpm-tis,tpmdev=tpm"]
        if self.screen:
            size = f"xres={SCREEN_WIDTH},yres={SCREEN_HEIGHT}"
            command += ["-device", f"virtio-vga,{size}", "-device", "usb-kbd"]
            command += ["-device", "usb-tablet"]
        return [*command, *self.extra]

    def pull_the_plug(self) -> None:
        """Power off as a pulled plug does it."""
        for running in (self.process, self.chip):
            if running is not None:
                running.kill()
                running.wait()
        self.process = self.chip = None
        self.monitor = None

    def is_on(self) -> bool:
        """Say whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def _do(self, command: str, **arguments: Any) -> Any:
        if self.monitor is None:
            raise RuntimeError(f"{self.name} is off")
        return self.monitor.do(command, **arguments)

    def put_in(self, stick: Path, name: str) -> None:
        """Put a stick in."""
        file = {"driver": "file", "filename": str(stick)}
        self._do("blockdev-add", driver="raw", **{"node-name": name, "file": file})
        self._do("device_add", driver="usb-storage", id=name, drive=name, removable=True)

    def take_out(self, name: str) -> None:
        """Pull a stick."""
        self._do("device_del", id=name)
        time.sleep(2)
        with contextlib.suppress(RuntimeError):
            self._do("blockdev-del", **{"node-name": name})

    def cable(self, name: str, *, is_in: bool) -> None:
        """Plug a cable in or pull it."""
        self._do("set_link", name=name, up=is_in)

    def reads_of(self, stick: str) -> int:
        """Return how often the machine has read from a stick that was put in."""
        for one in self._do("query-blockstats", **{"query-nodes": True}):
            if one.get("node-name") == stick:
                return int(one["stats"]["rd_operations"])
        raise RuntimeError(f"there is no {stick}")

    def press(self, *keys: str) -> None:
        """Press keys together, by QEMU's names."""
        pressed = [{"type": "qcode", "data": key} for key in keys]
        self._do("send-key", keys=pressed, **{"hold-time": 60})
        time.sleep(0.25)

    def type(self, text: str) -> None:
        """Type on a keyboard with the US layout."""
        for one in text:
            if one.isupper():
                self.press("shift", one.lower())
            else:
                self.press(_KEYS.get(one, one))

    def click(self, x: int, y: int) -> None:
        """Click at a pixel."""
        at = (("x", x / SCREEN_WIDTH), ("y", y / SCREEN_HEIGHT))
        moves = [
            {"type": "abs", "data": {"axis": axis, "value": int(part * 0x7FFF)}}
            for axis, part in at
        ]
        self._do("input-send-event", events=moves)
        time.sleep(0.3)
        for down in (True, False):
            button = {"type": "btn", "data": {"button": "left", "down": down}}
            self._do("input-send-event", events=[button])
            time.sleep(0.15)

    def look(self, name: str) -> Path:
        """Keep a picture of the screen."""
        picture = self.folder / f"{name}.png"
        self._do("screendump", filename=str(picture), format="png")
        return picture
