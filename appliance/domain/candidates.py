"""Candidates and the accommodations that change their conditions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from appliance.domain.errors import InvalidInputError

ADDITIONAL_TESTING_TIME = "additional-testing-time"
ACCOMMODATION_NAMES = frozenset(
    {
        ADDITIONAL_TESTING_TIME,
        "spoken",
        "text-appearance",
        "magnification",
        "high-contrast",
        "invert-display-polarity",
        "line-reader",
        "answer-masking",
        "keyboard-directions",
        "long-description",
        "captions",
        "transcript",
        "sign-language",
        "glossary-on-screen",
        "dictionary-on-screen",
        "calculator-on-screen",
        "spell-checker-on-screen",
        "layout-single-column",
        "language-of-interface",
        "environment",
    }
)
"""The accommodations we know by their 1EdTech AfA PNP 3.0 names."""

UNLIMITED_SECONDS = 24 * 3600
EXTRA_FACTOR_MAX = 10
EXTRA_MINUTES_MAX = 24 * 60


class AccommodationUnclearError(InvalidInputError):
    """An accommodation's value cannot be understood."""

    key = "accommodation_unclear"
    staff_message = (
        "The accommodation {name} has the value “{value}”, which is not understood. "
        "Extra time is written as “time-multiplier 1.5”, “fixed-minutes 30” or “unlimited”."
    )


@dataclass(frozen=True, slots=True)
class Accommodation:
    """A permitted change of conditions: a PNP name, its value, who approved it and when."""

    name: str
    value: str
    approved_by: str = ""
    approved_at: str = ""


def allotted_seconds(duration_seconds: int, accommodations: Iterable[Accommodation]) -> int:
    """Return the seconds a candidate gets for an exam of `duration_seconds`."""
    total = duration_seconds
    for accommodation in accommodations:
        if accommodation.name == ADDITIONAL_TESTING_TIME:
            total = max(total, _with_extra(duration_seconds, accommodation))
    return total


def _with_extra(duration_seconds: int, accommodation: Accommodation) -> int:
    unclear = AccommodationUnclearError(name=accommodation.name, value=accommodation.value)
    way, _, amount = accommodation.value.strip().partition(" ")
    if way == "unlimited":
        return max(UNLIMITED_SECONDS, duration_seconds)
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise unclear from None
    if way == "time-multiplier" and 1 <= number <= EXTRA_FACTOR_MAX:
        return math.ceil(duration_seconds * number)
    if way == "fixed-minutes" and 0 <= number <= EXTRA_MINUTES_MAX:
        return duration_seconds + math.ceil(number * 60)
    raise unclear
