"""Entries, their encoding and the hash chain that makes an altered record show.

An entry is known everywhere by (journal, epoch, seq).  Its encoding is canonical JSON: an array of
the fields in the order below, UTF-8, no spaces, object keys sorted, integers only (no floats).

    hash_n = SHA-256( hash_(n-1) || SHA-256(encoding of entry n) )       DESIGN section 5

The first entry of a journal chains from SHA-256 of the journal's id.  `seq` counts from 1 and goes
on through a change of epoch, so that a gap always shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.domain.errors import CorruptionError


class ChainBrokenError(CorruptionError):
    """An entry does not continue the one before it."""

    key = "chain_broken"
    staff_message = (
        "The record of this room was changed or damaged at entry {seq}. Everything before it is "
        "intact. Keep this box as it is and tell the centre."
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """What a decision wants written: an entry before it has a place in the journal."""

    kind: str
    actor: str
    subject: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.  `at_ms` is wall time (UTC, ms since 1970); `body` is canonical."""

    epoch: int
    seq: int
    at_ms: int
    kind: str
    actor: str
    subject: str
    body: str
    hash: bytes

    def decoded_body(self) -> dict[str, object]:
        """Return the body as an object."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ChainBrokenError(seq=self.seq)
        return value


def encode_body(body: dict[str, object]) -> str:
    """Encode a body canonically; floats are refused because their spelling is not one."""
    _refuse_floats(body)
    return json.dumps(
        body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a journal body holds no floats")
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def chain_start(journal_id: str) -> bytes:
    """Return what the first entry of this journal chains from."""
    return hashlib.sha256(journal_id.encode()).digest()


def link(previous: bytes, entry: Entry) -> bytes:
    """Return the hash that `entry` must carry after an entry with hash `previous`.

    The encoding is written out here because every saved response passes through it; the body is
    already canonical text and goes in as it is.
    """
    encoding = (
        f"[{entry.epoch},{entry.seq},{entry.at_ms},{_quoted(entry.kind)},"
        f"{_quoted(entry.actor)},{_quoted(entry.subject)},{entry.body}]"
    )
    inner = hashlib.sha256(encoding.encode()).digest()
    return hashlib.sha256(previous + inner).digest()


def place(draft: Draft, *, epoch: int, seq: int, at_ms: int, previous: bytes) -> Entry:
    """Give a draft its place after the entry with hash `previous`."""
    body = encode_body(draft.body)
    bare = Entry(epoch, seq, at_ms, draft.kind, draft.actor, draft.subject, body, b"")
    return Entry(
        epoch, seq, at_ms, draft.kind, draft.actor, draft.subject, body, link(previous, bare)
    )


def verify_chain(entries: Iterable[Entry], *, previous: bytes, after_seq: int) -> bytes:
    """Check that `entries` continue seq `after_seq` with hash `previous`; return the last hash.

    Raises ChainBrokenError naming the first entry that does not fit.
    """
    for entry in entries:
        if entry.seq != after_seq + 1 or link(previous, entry) != entry.hash:
            raise ChainBrokenError(seq=entry.seq)
        previous, after_seq = entry.hash, entry.seq
    return previous
