"""Which items a candidate gets and in which order, and the order of options within an item.

Everything follows from a seed, so that the same candidate meets the same order on every
workstation and the centre can tell afterwards what was shown.  The order comes from SHA-256
because the `random` module promises nothing about its sequence from one Python to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from appliance.domain.exams import Item, Option, Section

Thing = TypeVar("Thing")


def shuffled(
    things: Sequence[Thing],
    *,
    seed: str,
    name_of: Callable[[Thing], str],
    is_fixed: Callable[[Thing], bool],
) -> tuple[Thing, ...]:
    """Mix the things that are not fixed among the places that are not fixed."""
    ranked = iter(
        sorted(
            (thing for thing in things if not is_fixed(thing)),
            key=lambda thing: _rank(seed, name_of(thing)),
        )
    )
    return tuple(thing if is_fixed(thing) else next(ranked) for thing in things)


def shuffled_options(options: Sequence[Option], *, seed: str) -> tuple[Option, ...]:
    """Mix options, leaving the fixed ones where they stand."""
    return shuffled(
        options,
        seed=seed,
        name_of=lambda option: option.option_id,
        is_fixed=lambda option: option.fixed,
    )


def items_of_section(section: Section, *, seed: str) -> tuple[Item, ...]:
    """Return the items a candidate with this seed gets, in their order."""
    items = section.items
    if section.select_count is not None and section.select_count < len(items):
        ranked = sorted(items, key=lambda item: _rank(f"{seed}/select", item.item_id))
        drawn = {item.item_id for item in ranked[: section.select_count]}
        items = tuple(item for item in items if item.item_id in drawn)
    if not section.shuffle:
        return items
    return shuffled(
        items,
        seed=f"{seed}/{section.section_id}",
        name_of=lambda item: item.item_id,
        is_fixed=lambda item: item.is_fixed,
    )


def _rank(seed: str, name: str) -> bytes:
    return hashlib.sha256(f"{len(seed)}:{seed}{name}".encode()).digest()
