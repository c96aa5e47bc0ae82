"""Where the agent gets entries from: the box's journals, through a connection that cannot write."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from appliance.domain.journal import Entry
from appliance.formats.keys import PublicIdentity, read_public_identity
from appliance.platform.credentials import load_or_create_key
from appliance.storage.reading import (
    BOX_DATABASE_KEY,
    AttachmentReader,
    JournalInfo,
    JournalReader,
    list_followed,
    list_journals,
    list_open,
    list_peers,
)


class EntryReader(Protocol):
    """One journal, read only."""

    def head(self) -> tuple[int, int, bytes] | None:
        """Return (epoch, seq, hash) of the newest entry, or None."""

    def entries_after(self, seq: int, limit: int) -> list[Entry]:
        """Return at most `limit` entries that follow `seq`."""


class FileReader(Protocol):
    """The uploaded files of one journal, read only."""

    def list_files(self) -> list[tuple[str, int]]:
        """Return (sha256, size in bytes) of each file, oldest first."""

    def get(self, sha256: str) -> bytes | None:
        """Return a file, if it is there."""


class JournalSource(Protocol):
    """The journals of a box."""

    def journal_ids(self) -> list[str]:
        """Return the ids of all journals, oldest first."""

    def read(self, journal_id: str) -> AbstractContextManager[EntryReader]:
        """Open a journal of `journal_ids`."""

    def read_attachments(self, journal_id: str) -> AbstractContextManager[FileReader]:
        """Open the files of a journal of `journal_ids`."""


class BoxJournals:
    """The journals in a box's data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._key = load_or_create_key(BOX_DATABASE_KEY, data_dir / "keys")
        self._known: dict[str, JournalInfo] = {}

    def journal_ids(self) -> list[str]:
        """See JournalSource."""
        found = list_journals(self._data_dir, self._key)
        self._known = {info.journal_id: info for info in found}
        return list(self._known)

    def followed_ids(self) -> list[str]:
        """Return the journals of which this box only has a copy, which another box sends."""
        return list_followed(self._data_dir, self._key)

    def open_ids(self) -> list[str]:
        """Return the journals of rooms that this box leads and nobody has closed."""
        return list_open(self._data_dir, self._key)

    def is_sealed(self, journal_id: str) -> bool:
        """Say whether a journal of `journal_ids` takes no more entries."""
        return self._known[journal_id].sealed

    def receivers(self, journal_id: str) -> list[PublicIdentity]:
        """Return the boxes that share a sitting of a journal of `journal_ids`, this one too."""
        info = self._known[journal_id]
        with JournalReader(info.path, info.key) as reader:
            held = set(reader.sitting_ids())
        found = list_peers(self._data_dir, self._key)
        return [
            read_public_identity(data)
            for data in dict.fromkeys(data for sitting_id, data in found if sitting_id in held)
        ]

    def read(self, journal_id: str) -> JournalReader:
        """See JournalSource."""
        info = self._known[journal_id]
        return JournalReader(info.path, info.key)

    def read_attachments(self, journal_id: str) -> AbstractContextManager[FileReader]:
        """See JournalSource."""
        info = self._known[journal_id]
        return AttachmentReader(info.path, info.key)
