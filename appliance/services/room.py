"""An open room: its journal's writer, its released exams, and who is signed in where."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

from appliance.domain.exams import Exam
from appliance.services.presence import Presence
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import JournalRecord
from appliance.storage.journal_queries import JournalQueries
from appliance.storage.journal_writer import JournalWriter
from appliance.storage.release_secrets import ReleaseSecrets


def hash_token(token: str) -> str:
    """Return what is stored of a cookie's token: it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class ReleasedExam:
    """A package that is open: the exam and its media, in memory only."""

    exam: Exam
    media: dict[str, bytes]
    rendered: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Which attempt a candidate's cookie stands for, and in which browser."""

    attempt_id: str
    client_id: str


@dataclass(slots=True)
class Room:
    """One open room session."""

    record: JournalRecord
    writer: JournalWriter
    queries: JournalQueries
    release_secrets: ReleaseSecrets
    attachments: Attachments
    presence: Presence
    exams: dict[str, ReleasedExam] = field(default_factory=dict)
    sign_ins: dict[str, SignedIn] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def signed_in(self, token: str) -> SignedIn | None:
        """Return whom a candidate's cookie stands for."""
        return self.sign_ins.get(hash_token(token))
