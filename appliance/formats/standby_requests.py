"""What one box of a room asks another: the bodies of signed requests, and two headers.

docs/standby-protocol.md is the specification.
"""

from __future__ import annotations

from pydantic import Field

from appliance.formats.attachment import Sha256
from appliance.formats.canonical import CanonicalDocument, HexBytes
from appliance.formats.journal_id import JournalId

ENTRIES_MAX = 5_000
HEAD_HEADER = "X-Examroom-Head"
"""In the answer to `AskEntries`: the newest seq of the box that leads."""
JOURNAL_HEADER = "X-Examroom-Journal"
"""With strays, whose body is no canonical document: which room session they are of."""


class Join(CanonicalDocument):
    """Follow a room session; `origin` is where candidates' pages reach whoever asks."""

    journal_id: JournalId
    origin: str = Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,180}$")


class AskEntries(CanonicalDocument):
    """Hold everything up to an entry, and ask for at most `entries_max` that follow it."""

    journal_id: JournalId
    after_seq: int = Field(ge=0)
    after_hash: HexBytes
    entries_max: int = Field(ge=0, le=ENTRIES_MAX)


class OfJournal(CanonicalDocument):
    """Ask something about a room session as a whole."""

    journal_id: JournalId


class AskFile(CanonicalDocument):
    """Ask for an uploaded file."""

    journal_id: JournalId
    sha256: Sha256
