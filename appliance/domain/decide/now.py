"""What a decision may know of the moment: times and the head of the journal, handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of a decision, or of looking at what it led to.

    `at_ms` is wall time, `clock_ms` the room clock, `monotonic_ms` and `boot_id` the machine's own
    count.  `sign` signs with the box's Ed25519 key, which is deterministic, so decisions stay so.
    """

    at_ms: int
    clock_ms: int
    monotonic_ms: int
    boot_id: str
    epoch: int
    head_seq: int
    head_hash: bytes
    sign: Callable[[bytes], bytes]
