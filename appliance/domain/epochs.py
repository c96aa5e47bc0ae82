"""Epochs: which box may write, as a number that two boxes can never both choose.

    epoch = generation * 2^40 + the first 40 bits of the box's id       (the first of all is 1)

A take-over raises the generation by one.  Two boxes that are apart and both taken over so begin two
different epochs, without having spoken to each other, and the higher number rules once they meet.
docs/decisions/epoch-numbers.md has the reasons.
"""

from __future__ import annotations

FIRST_EPOCH = 1
BOX_BITS = 40
_BOX_DIGITS = BOX_BITS // 4


def next_epoch(epoch: int, box_id: str) -> int:
    """Return the epoch that the box with `box_id` (hexadecimal) begins after `epoch`."""
    return (generation_of(epoch) + 1 << BOX_BITS) + int(box_id[:_BOX_DIGITS], 16)


def begun_by(epoch: int, box_id: str) -> bool:
    """Say whether this box began `epoch` by taking over."""
    return generation_of(epoch) > 0 and epoch & (1 << BOX_BITS) - 1 == int(box_id[:_BOX_DIGITS], 16)


def generation_of(epoch: int) -> int:
    """Return how many take-overs came before this epoch."""
    return epoch >> BOX_BITS
