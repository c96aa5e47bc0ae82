"""An open room: its journal's writer, its released exams, and who is signed in where."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

from appliance.domain.exams import Exam
from appliance.services.copies import Copies
from appliance.services.fence import Fence
from appliance.services.page_nonces import PageNonces
from appliance.services.presence import Presence
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import JournalRecord
from appliance.storage.journal_queries import JournalQueries
from appliance.storage.journal_writer import JournalWriter
from appliance.storage.release_secrets import ReleaseSecrets


def ticket_of(token: str) -> str:
    """Return the ticket that goes with a cookie's token.

    A cookie belongs to one address.  A page that has to go on with another box of the room shows
    this instead; the token cannot be found from it.
    """
    return hashlib.sha256(b"ticket|" + token.encode()).hexdigest()


def hash_ticket(ticket: str) -> str:
    """Return what is stored of a sign-in: it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def hash_token(token: str) -> str:
    """Return what is stored of a cookie's token: the hash of its ticket, so it knows both."""
    return hash_ticket(ticket_of(token))


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
    copies: Copies
    fence: Fence
    begun_ms: int
    exams: dict[str, ReleasedExam] = field(default_factory=dict)
    sign_ins: dict[str, SignedIn] = field(default_factory=dict)
    page_nonces: PageNonces = field(default_factory=PageNonces)
    proof: bytes | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    ending: threading.Lock = field(default_factory=threading.Lock)
    is_down: threading.Event = field(default_factory=threading.Event)

    def signed_in(self, token: str) -> SignedIn | None:
        """Return whom a candidate's cookie stands for."""
        return self.sign_ins.get(hash_token(token))

    def signed_in_by_ticket(self, ticket: str) -> SignedIn | None:
        """Return whom a ticket from another box of this room stands for."""
        return self.sign_ins.get(hash_ticket(ticket))
