"""Time accounts and accommodations."""

from __future__ import annotations

import pytest

from appliance.domain.candidates import (
    UNLIMITED_SECONDS,
    Accommodation,
    AccommodationUnclearError,
    allotted_seconds,
)
from appliance.domain.time_accounts import TimeAccount


def test_time_is_used_only_while_it_counts() -> None:
    """Resting costs nothing; counting goes on where it stopped."""
    account = TimeAccount(60).counting_from(1_000).resting_from(11_000)
    assert 10_000 == account.used_at(99_000)

    account = account.counting_from(100_000)
    assert 15_000 == account.used_at(105_000)
    assert 45_000 == account.remaining_ms(105_000)


def test_counting_twice_counts_once() -> None:
    """A repeated start does not set the clock back."""
    account = TimeAccount(60).counting_from(0).counting_from(5_000)
    assert 10_000 == account.used_at(10_000)


def test_time_is_given_and_taken_back_never_below_nothing() -> None:
    """An extension may be negative, what is allotted may not."""
    assert 90 == TimeAccount(60).extended_by(30).allotted_seconds
    assert 0 == TimeAccount(60).extended_by(-90).allotted_seconds


def test_time_runs_out_after_the_last_second_not_with_it() -> None:
    """A change made in the very last millisecond counts."""
    account = TimeAccount(60).counting_from(0)
    assert not account.ran_out_before(60_000)
    assert account.ran_out_before(60_001)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("time-multiplier 1.5", 5400),
        ("time-multiplier 1.333", 4799),
        ("fixed-minutes 30", 5400),
        ("unlimited", UNLIMITED_SECONDS),
    ],
)
def test_extra_time_is_granted_by_its_pnp_value(value: str, seconds: int) -> None:
    """Multipliers are rounded up to the second, in the candidate's favour."""
    granted = [Accommodation("additional-testing-time", value), Accommodation("spoken", "")]
    assert seconds == allotted_seconds(3600, granted)


@pytest.mark.parametrize("value", ["", "half an hour", "time-multiplier 0.5", "fixed-minutes -5"])
def test_extra_time_that_is_not_understood_is_refused(value: str) -> None:
    """Nobody's time is guessed."""
    with pytest.raises(AccommodationUnclearError):
        allotted_seconds(3600, [Accommodation("additional-testing-time", value)])
