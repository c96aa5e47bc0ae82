"""Simulated disks: real SQLCipher files, with the power cut around and in the middle of a commit.

What survives a cut is a copy of the machine's folder.  A commit that was cut in the middle leaves
a torn tail of the write-ahead log behind; the commits before it are whole, because each was synced.
That SQLite does sync them is not simulated but proved on the real thing (tests/integration).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver
from sqlite_utils import Database

from appliance.storage import (
    attachments,
    box_store,
    database,
    followed_journal,
    journal_writer,
    release_secrets,
)
from tests.simulation.world import PowerCut, World

WRITERS = (attachments, box_store, followed_journal, journal_writer, release_secrets)


@dataclass(slots=True)
class Disks:
    """The faults of all disks.  `cut_next` and `full` name machines."""

    world: World
    cut_probability: float = 0.0
    full: set[str] = field(default_factory=set)
    torn: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between the product and its commits."""
        real = database.write_transaction
        for module in WRITERS:
            patch.setattr(module, "write_transaction", self._around(real))

    def _around(self, real: Callable[[Database], Any]) -> Callable[[Database], Any]:
        @contextmanager
        def faulty(opened: Database) -> Iterator[None]:
            machine = self.world.running[-1] if self.world.running else ""
            if machine in self.full:
                raise driver.OperationalError("database or disk is full")
            self._maybe_cut(machine)
            path = _path_of(opened)
            before = _wal_bytes(path)
            with real(opened):
                yield
            if machine and self.world.happens(self.cut_probability):
                # Half of the cuts come while the commit is on its way to the disk.
                if self.world.happens(0.5):
                    self.torn[machine] = (path.name, before, _wal_bytes(path))
                raise PowerCut(machine)

        return faulty

    def _maybe_cut(self, machine: str) -> None:
        if machine and self.world.happens(self.cut_probability):
            raise PowerCut(machine)

    def survive(self, machine: str, old: Path, new: Path) -> None:
        """Copy what a machine's disk holds after its power was cut."""
        shutil.copytree(old, new)
        torn = self.torn.pop(machine, None)
        if torn is None:
            return
        name, before, after = torn
        wal = next(new.rglob(f"{name}-wal"), None)
        if wal is None or after <= before:
            return
        kept = self.world.chance.randrange(before, after)
        with wal.open("r+b") as file:
            file.truncate(kept)
            file.seek(max(before, kept - 64))
            file.write(self.world.chance.randbytes(max(0, kept - max(before, kept - 64))))


def _path_of(opened: Database) -> Path:
    return Path(opened.conn.execute("PRAGMA database_list").fetchone()[2])


def _wal_bytes(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0
