"""The copy of a journal's key that lies beside its database, readable only at the centre.

With it a dead box's disk is read by whoever holds the centre's recovery key, and by nobody else.
"""

from __future__ import annotations

from typing import Literal

from appliance.formats.canonical import CanonicalDocument, HexBytes
from appliance.formats.journal_id import JournalId
from appliance.formats.keys import RecoveryKey
from appliance.formats.sealing import seal, unseal


class _RecoveryCopy(CanonicalDocument):
    format: Literal["recovery-copy/1"] = "recovery-copy/1"
    journal_id: JournalId
    sealed: HexBytes


def write_recovery_copy(journal_id: str, journal_key: bytes, *, recovery: bytes) -> bytes:
    """Return the file to lie beside a database; `recovery` is the centre's 32 public bytes."""
    sealed = seal(journal_key, recovery, _context(journal_id))
    return _RecoveryCopy(journal_id=journal_id, sealed=sealed).to_bytes()


def read_recovery_copy(data: bytes, *, recovery: RecoveryKey) -> tuple[str, bytes]:
    """Return (journal_id, key); raises DocumentMalformedError or SealBrokenError."""
    copy = _RecoveryCopy.from_bytes(data)
    return copy.journal_id, unseal(copy.sealed, recovery.private, _context(copy.journal_id))


def _context(journal_id: str) -> bytes:
    return b"recovery-copy/1|" + journal_id.encode()
