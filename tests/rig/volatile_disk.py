"""What a disk holds after a power cut: what was synced, and whatever else it had got round to.

volatile_disk.c is preloaded into a process and writes down what the process does to a folder.
`VolatileDisk` follows that record and says what survives where it is cut off.  It is as strict as
POSIX allows: a file's bytes last once the file is synced, a name once its folder is synced.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
SECTOR_BYTES = 512
"""A disk writes a sector whole or not at all."""
_HEAD = struct.Struct("=QQQQ")
_ACKNOWLEDGED = "a"


def build_recorder(folder: Path) -> Path | None:
    """Build the library in `folder`; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "volatile_disk.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
        check=True,
        timeout=60,
    )
    return library


def recording(library: Path, folder: Path, record: Path) -> dict[str, str]:
    """Return the environment of a process whose doings in `folder` are written to `record`."""
    return {
        "LD_PRELOAD": str(library),
        "EXAMROOM_DISK_DIR": str(folder),
        "EXAMROOM_DISK_RECORD": str(record),
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the record.  `kind` is one letter; volatile_disk.c says which there are."""

    kind: str
    inode: int
    offset: int
    data: bytes

    @property
    def names(self) -> list[str]:
        """Return the path or paths, relative to the folder."""
        return self.data.decode().split("\0")

    @property
    def promise(self) -> dict[str, object]:
        """Return what somebody was told at this point."""
        told: dict[str, object] = json.loads(self.data)
        return told


def read_record(path: Path) -> Iterator[Step]:
    """Yield the steps in order; the last one may have been cut off and is then left out."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            kind, inode, offset, length = _HEAD.unpack(head)
            data = file.read(length)
            if len(data) < length:
                return
            yield Step(chr(kind), inode, offset, data)


def note_acknowledged(record: Path, promise: dict[str, object]) -> None:
    """Put into the record what somebody has been told just now."""
    data = json.dumps(promise).encode()
    descriptor = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, _HEAD.pack(ord(_ACKNOWLEDGED), 0, 0, len(data)) + data)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class _File:
    """What is on the disk of one file, and what is on its way there."""

    synced: bytearray = field(default_factory=bytearray)
    on_its_way: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.on_its_way:
            _put(self.synced, step)
        self.on_its_way.clear()

    def after_a_cut(self, chance: random.Random | None) -> bytes:
        if chance is None or not self.on_its_way:
            return bytes(self.synced)
        found = bytearray(self.synced)
        for step in self.on_its_way:
            for piece in _what_got_there(step, chance):
                _put(found, piece)
        return bytes(found)


def _put(content: bytearray, step: Step) -> None:
    if step.kind == "t":
        del content[step.offset :]
    missing = step.offset - len(content)
    content.extend(bytes(max(0, missing)))
    content[step.offset : step.offset + len(step.data)] = step.data


def _what_got_there(step: Step, chance: random.Random) -> list[Step]:
    """Return nothing of the write, all of it, or some of its sectors."""
    way = chance.random()
    if way < 0.3:
        return []
    if way < 0.6 or step.kind == "t":
        return [step]
    pieces = []
    at = 0
    while at < len(step.data):
        end = min(len(step.data), at + SECTOR_BYTES - (step.offset + at) % SECTOR_BYTES)
        if chance.random() < 0.5:
            pieces.append(Step("w", step.inode, step.offset + at, step.data[at:end]))
        at = end
    return pieces


Naming = tuple[tuple[str, "_File | None"], ...]
"""What happens to names of one folder at once: each is given to a file, or to None and is gone."""


class VolatileDisk:
    """The files of one folder as they would be found after a power cut."""

    def __init__(self, folder: Path) -> None:
        """Begin with what is in `folder`, all of which is on the disk."""
        self._folders = {"."}
        self._names: dict[str, _File] = {}
        self._by_inode: dict[int, _File] = {}
        self._by_name: dict[str, _File] = {}
        self._names_on_their_way: dict[str, list[Naming]] = {}
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_dir():
                self._folders.add(name)
            elif path.is_file() and not name.endswith("-shm"):
                file = _File(bytearray(path.read_bytes()))
                self._names[name] = self._by_name[name] = file
                self._by_inode[path.stat().st_ino] = file

    def follow(self, step: Step) -> None:
        """Take in what the process did."""
        match step.kind:
            case "w" | "t":
                self._by_inode[step.inode].on_its_way.append(step)
            case "s":
                self._by_inode[step.inode].sync()
            case "c":
                self._by_inode[step.inode] = file = _File()
                self._name((step.names[0], file))
            case "u":
                self._name((step.names[0], None))
            case "m":
                self._name((step.names[0] + "/", _File()))
            case "l" | "r":
                self._link(*step.names, keeps_both=step.kind == "l")
            case "d":
                for naming in self._names_on_their_way.pop(step.names[0], []):
                    _give(self._names, self._folders, naming)

    def _link(self, name: str, new: str, *, keeps_both: bool) -> None:
        file = self._by_name[name]
        if keeps_both:
            self._name((new, file))
        elif _folder_of(name) == _folder_of(new):
            self._name((name, None), (new, file))
        else:
            self._name((new, file))
            self._name((name, None))

    def _name(self, *naming: tuple[str, _File | None]) -> None:
        _give(self._by_name, set(), naming)
        self._names_on_their_way.setdefault(_folder_of(naming[0][0]), []).append(naming)

    def as_the_process_sees_it(self) -> dict[str, bytes]:
        """Return what every file holds when nothing is lost."""
        found = {}
        for name, file in self._by_name.items():
            content = bytearray(file.synced)
            for step in file.on_its_way:
                _put(content, step)
            found[name] = bytes(content)
        return found

    def cut(self, target: Path, chance: random.Random | None = None) -> None:
        """Write what is found after a cut into `target`, which is emptied first.

        Without `chance` nothing that was not synced is there.  With it, some of it is: a folder's
        changes in their order up to some point, and of a file's writes any, or parts of them.
        """
        names, folders = dict(self._names), set(self._folders)
        if chance is not None:
            for waiting in self._names_on_their_way.values():
                for naming in waiting[: chance.randint(0, len(waiting))]:
                    _give(names, folders, naming)
        shutil.rmtree(target, ignore_errors=True)
        for folder in sorted(folders):
            if folder == "." or _folder_of(folder) in folders:
                (target / folder).mkdir(mode=0o700, parents=folder == ".")
        for name, file in names.items():
            if (target / name).parent.is_dir():
                (target / name).write_bytes(file.after_a_cut(chance))
                (target / name).chmod(0o600)


def _folder_of(name: str) -> str:
    return str(Path(name).parent)


def _give(names: dict[str, _File], folders: set[str], naming: Naming) -> None:
    for name, file in naming:
        if name.endswith("/"):
            folders.add(name.rstrip("/"))
        elif file is None:
            names.pop(name, None)
        else:
            names[name] = file
