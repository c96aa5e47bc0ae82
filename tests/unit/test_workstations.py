"""What workstations say of themselves, and what staff want of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.services.show_workstations import notices
from appliance.services.workstations import (
    FORGOTTEN_AFTER_MS,
    PLACES_OF_ONE_ADDRESS,
    RELEASE_HOLDS_MS,
    WORKSTATIONS_MAX,
    Instruction,
    Report,
    TooManyWorkstationsError,
    Workstation,
    Workstations,
    WorkstationUnknownError,
)

WELL = Report(kind="kiosk", version="1", name="desk-1", battery_percent=90, displays_count=1)


def _full() -> Workstations:
    made = Workstations()
    for number in range(WORKSTATIONS_MAX):
        address = f"10.77.1.{number // PLACES_OF_ONE_ADDRESS}"
        made.heard(f"desk{number:04}", WELL, address=address, now_ms=number)
    return made


def test_one_more_is_refused_when_all_places_are_taken() -> None:
    """Somebody who invents workstations cannot fill the memory of the box."""
    full = _full()
    with pytest.raises(TooManyWorkstationsError):
        full.heard("newcomer", WELL, address="", now_ms=FORGOTTEN_AFTER_MS - 1)
    assert len(full.snapshot()) == WORKSTATIONS_MAX


def test_the_longest_silent_gives_its_place_after_a_while() -> None:
    """Machines that were swapped do not keep the new ones out."""
    full = _full()
    full.heard("newcomer", WELL, address="", now_ms=FORGOTTEN_AFTER_MS)
    names = {one.workstation_id for one in full.snapshot()}
    assert (WORKSTATIONS_MAX, True, False) == (
        len(names),
        "newcomer" in names,
        "desk0000" in names,
    )


def test_count_that_nobody_asked_for_is_not_kept() -> None:
    """Nor one under another name, nor one of before when the name changes."""
    made = Workstations()
    told = replace(WELL, conduct="one", blocked_keys_count=3)
    made.heard("desk0001", told, address="", now_ms=0)
    assert {} == made.blocked_keys()
    made.count_for({"desk0001": "one"})
    assert "one" == made.heard("desk0001", told, address="", now_ms=1).conduct
    assert {"desk0001": 3} == made.blocked_keys()
    made.count_for({"desk0001": "two"})
    assert {} == made.blocked_keys()
    made.heard("desk0001", told, address="", now_ms=2)
    assert {} == made.blocked_keys()
    report = made.report_of("desk0001")
    assert report is not None
    assert "" == report.conduct


def test_release_counts_for_whoever_keeps_reporting_and_for_nobody_who_starts_anew() -> None:
    """Work on the stick of a computer that was dead at the end is sent before it is erased."""
    made = Workstations()
    for name in ("desk0001", "desk0002"):
        made.heard(name, WELL, address="", now_ms=0)
    made.release_all(released=True)
    assert made.all_released
    at_ms = RELEASE_HOLDS_MS
    assert made.heard("desk0001", WELL, address="", now_ms=at_ms) == Instruction(release=True)
    assert made.heard("desk0002", WELL, address="", now_ms=at_ms + 1) == Instruction()
    assert made.heard("desk0003", WELL, address="", now_ms=at_ms) == Instruction()
    assert not made.all_released


def test_one_address_that_invents_workstations_keeps_nobody_out() -> None:
    """Its own places are taken again, the longest silent first."""
    made = Workstations()
    made.heard("desk-real", WELL, address="10.77.1.2", now_ms=0)
    for number in range(WORKSTATIONS_MAX - 1):
        made.heard(f"fake{number:04}", WELL, address="10.77.1.9", now_ms=1 + number)
    made.heard("newcomer", WELL, address="10.77.1.3", now_ms=600)
    names = {one.workstation_id for one in made.snapshot()}
    assert {"desk-real", "newcomer", "fake0001"} <= names
    assert "fake0000" not in names


def test_restart_is_counted_and_unknown_names_are_refused() -> None:
    """Each asking is one restart, for the workstation it was asked for."""
    made = Workstations()
    made.heard("desk0001", WELL, address="", now_ms=0)
    made.restart_browser("desk0001")
    made.restart_browser("desk0001")
    assert made.heard("desk0001", WELL, address="", now_ms=1).restart_browser == 2
    with pytest.raises(WorkstationUnknownError):
        made.restart_browser("desk0002")
    with pytest.raises(WorkstationUnknownError):
        made.release("desk0002", released=True)


@pytest.mark.parametrize(
    ("changed", "lost", "expected"),
    [
        ({}, False, ()),
        ({}, True, ("lost",)),
        ({"virtual_machine": "QEMU"}, False, ("virtual_machine",)),
        ({"displays_count": 2}, False, ("displays",)),
        ({"plugged": ("A stick",)}, False, ("plugged",)),
        ({"battery_percent": 19}, False, ("battery",)),
        ({"battery_percent": 19, "is_charging": True}, False, ()),
    ],
)
def test_what_wants_a_look_is_named(
    changed: dict[str, object], lost: bool, expected: tuple[str, ...]
) -> None:
    """Nothing else is: a table full of notices is read by nobody."""
    one = Workstation("desk0001", replace(WELL, **changed), "", 0)  # type: ignore[arg-type]
    assert expected == notices(one, lost=lost)


def test_one_that_was_released_is_not_missed() -> None:
    """It was told to go."""
    one = Workstation("desk0001", WELL, "", 0, Instruction(release=True))
    assert () == notices(one, lost=True)
