"""A room session on the disk of a dead box: read as far as it is intact, and never written to.

The files are copied first, encrypted as they are, block by block: the disk may be mounted read
only, what was not folded back yet lies in the log beside the database, and a block that cannot be
read must cost no more than its page.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import sqlcipher3.dbapi2 as driver
import structlog

from appliance.domain.errors import CorruptionError
from appliance.domain.journal import Entry, chain_start, link
from appliance.storage.attachments import attachments_path
from appliance.storage.database import open_database
from appliance.storage.reading import AttachmentReader, JournalReader, JournalUnfinishedError
from appliance.storage.release_secrets import ReleaseSecrets

ENTRIES_AT_ONCE = 2_000
BLOCK_BYTES = 4096
"""As large as a page of the database: what cannot be read takes one page along."""

T = TypeVar("T")

_log = structlog.get_logger()


class DeadRoom:
    """One room session of a dead disk, copied into a folder of ours.

    `cut_short` and `files_lost` are right after `runs` and `files` have been gone through.
    """

    def __init__(self, journal: Path, key: bytes, journal_id: str, folder: Path) -> None:
        """Copy what can be read of `journal` and its files; raises OSError if there is nothing."""
        self.journal_id = journal_id
        self.cut_short = False
        self.files_lost = 0
        self._key = key
        self._path = folder / f"{journal_id}.db"
        _copy_database(journal, self._path, key)
        files = attachments_path(journal)
        if files.exists():
            _copy_database(files, attachments_path(self._path), key)

    def runs(self) -> Iterator[list[Entry]]:
        """Yield the longest intact beginning, verified from the first link, some at a time."""
        previous, seq, limit = chain_start(self.journal_id), 0, ENTRIES_AT_ONCE
        while True:
            found = self._read(partial(JournalReader.entries_after, seq=seq, limit=limit))
            if found is None:
                if limit == 1:
                    self.cut_short = True
                    return
                limit //= 2  # The damage is somewhere in these: closer.
                continue
            intact = _intact(found, previous, seq)
            if intact:
                yield intact
                previous, seq = intact[-1].hash, intact[-1].seq
            if len(intact) < len(found):
                self.cut_short = True
            if not found or self.cut_short:
                return

    def promised_seq(self) -> int | None:
        """Return which entry is the newest that the disk knows of, if it can still say that."""
        head = self._read(JournalReader.head)
        return head[1] if head else None

    def release_secrets(self) -> dict[str, bytes]:
        """Return what opens the released packages, by package; nothing where it is damaged."""
        found = _or_none(lambda: ReleaseSecrets(self._path, self._key).all())
        return dict(found or ())

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield (SHA-256, bytes) of each file of a candidate that is whole."""
        for sha256, _ in self._read_files(AttachmentReader.list_files) or ():
            data = self._read_files(partial(AttachmentReader.get, sha256=sha256))
            if data is None or hashlib.sha256(data).hexdigest() != sha256:
                self.files_lost += 1
                continue
            yield sha256, data

    # A connection that has met a damaged page says no to everything after it: each look is a
    # connection of its own.

    def _read(self, look: Callable[[JournalReader], T]) -> T | None:
        def once() -> T:
            with JournalReader(self._path, self._key) as reader:
                return look(reader)

        return _or_none(once)

    def _read_files(self, look: Callable[[AttachmentReader], T]) -> T | None:
        def once() -> T:
            with AttachmentReader(self._path, self._key) as reader:
                return look(reader)

        return _or_none(once)


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (CorruptionError, JournalUnfinishedError, driver.Error) as damage:
        _log.info("dead_disk_damaged", error=type(damage).__name__)
        return None


def _intact(entries: Sequence[Entry], previous: bytes, seq: int) -> list[Entry]:
    intact: list[Entry] = []
    for entry in entries:
        if entry.seq != seq + 1 or link(previous, entry) != entry.hash:
            break
        intact.append(entry)
        previous, seq = entry.hash, entry.seq
    return intact


def _copy_database(given: Path, taken: Path, key: bytes) -> None:
    """Copy a database and its log, and fold the log back into the copy."""
    _copy(given, taken)
    log = given.with_name(given.name + "-wal")
    if log.exists():
        _copy(log, taken.with_name(taken.name + "-wal"))

    def fold_back() -> None:
        database = open_database(taken, key)
        try:
            database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            database.close()

    _or_none(fold_back)


def _copy(given: Path, taken: Path) -> None:
    """Copy a file; a block that cannot be read becomes zeros, which no page's seal accepts."""
    with given.open("rb", buffering=0) as source, taken.open("wb") as target:
        size = os.fstat(source.fileno()).st_size
        for at in range(0, size, BLOCK_BYTES):
            wanted = min(BLOCK_BYTES, size - at)
            try:
                block = os.pread(source.fileno(), wanted, at)
            except OSError:
                _log.warning("block_unreadable", file=given.name, at_bytes=at)
                block = b""
            target.write(block.ljust(wanted, b"\0"))
