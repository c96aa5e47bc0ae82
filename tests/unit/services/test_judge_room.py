"""Each thing a room needs has a check that fails without it, with a sentence and a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.room_certificate import DAY_MS, RoomCertificate
from appliance.formats.update_status import RefusedUpdate
from appliance.platform.machine import DiskLock, Network, Power
from appliance.services.judge_room import Check, CheckState, is_ready, judge_room
from appliance.services.look_after_update import UpdateView
from appliance.services.room_readings import (
    Clocks,
    Disk,
    Loadtest,
    NextSitting,
    Readings,
    Seats,
    Services,
    Standbys,
    Trust,
)
from appliance.services.update_rules import UpdateDamagedError
from appliance.web.languages import speak
from appliance.web.staff.check_words import check_title, finding_words, remedy_words

NOW_MS = 1_800_000_000_000
NAMES = ("room12.school.example", "staff.room12.school.example")
CERTIFICATE = RoomCertificate(NAMES, "School", NOW_MS + 200 * DAY_MS, is_self_signed=False)
TRUST = Trust(CERTIFICATE, NAMES, "", is_needed=True)
CUT_SHORT = KeptSentence.of(UpdateDamagedError(name="root"))
REFUSED = RefusedUpdate(version="1.1.0", why=CUT_SHORT, at_ms=NOW_MS)
SITTING = NextSitting("Physics 1a", None, candidates=30, invigilators=2)

READY = Readings(
    disk=Disk(60 * 10**9, 2**28, 4.2),
    disk_lock=DiskLock(has_chip=True, is_secure_boot_on=True),
    memory_mib=(8000, 5000),
    clocks=Clocks(is_synchronised=True, hardware_off_seconds=0),
    power=Power(is_on_mains=True, battery_percent=100),
    network=Network(("enp1s0",), (), ("10.77.0.1",)),
    services=Services((), names_missing=False),
    trust=TRUST,
    is_enrolled=True,
    is_centre_in_reach=True,
    sittings=(SITTING,),
    standbys=Standbys(1, ("Box B",), ()),
    mirrors=("following", "following"),
    seats=Seats(30, 0),
    loadtest=Loadtest("passed", 30),
    update=UpdateView("1.0.0"),
    now_ms=NOW_MS,
)

OK, WARNING, FAULT, UNKNOWN = CheckState


def _trust(**changes: object) -> dict[str, object]:
    return {"trust": replace(TRUST, **changes)}  # type: ignore[arg-type]


CASES: list[tuple[dict[str, object], CheckState, str]] = [
    ({"disk": Disk(2**27, 2**28, 4)}, FAULT, "disk_full"),
    ({"disk": Disk(10**9, 2**28, 4)}, WARNING, "disk_low"),
    ({"disk": Disk(60 * 10**9, 2**28, None)}, UNKNOWN, "disk_speed_unknown"),
    ({"disk": Disk(60 * 10**9, 2**28, 51)}, WARNING, "disk_slow"),
    ({"disk": Disk(60 * 10**9, 2**28, 501)}, FAULT, "disk_much_too_slow"),
    ({"disk_lock": None}, UNKNOWN, "theft_not_ours"),
    ({"disk_lock": DiskLock(True, False)}, WARNING, "theft_whole_box"),
    ({"memory_mib": (8000, 511)}, FAULT, "memory_low"),
    ({"memory_mib": None}, UNKNOWN, "memory_unknown"),
    ({"clocks": Clocks(True, 61)}, WARNING, "clock_hardware_off"),
    ({"clocks": Clocks(False, None)}, WARNING, "clock_alone"),
    ({"clocks": Clocks(None, None)}, UNKNOWN, "clock_unknown"),
    ({"power": Power(False, 80)}, FAULT, "power_on_battery"),
    ({"power": Power(True, None)}, UNKNOWN, "power_no_battery"),
    ({"power": Power(None, 49)}, WARNING, "power_battery_low"),
    ({"network": Network((), (), ())}, UNKNOWN, "network_unknown"),
    ({"network": Network((), ("enp1s0",), ())}, FAULT, "network_no_link"),
    ({"network": Network(("enp1s0",), (), ())}, FAULT, "network_no_address"),
    ({"services": Services((), names_missing=True)}, FAULT, "network_no_names"),
    ({"services": Services((443,), names_missing=False)}, FAULT, "ports_silent"),
    (_trust(certificate=None), FAULT, "certificate_missing"),
    (
        _trust(certificate=replace(CERTIFICATE, valid_until_ms=NOW_MS - 1)),
        FAULT,
        "certificate_over",
    ),
    (_trust(certificate=replace(CERTIFICATE, names=NAMES[:1])), FAULT, "certificate_names"),
    (_trust(certificate=replace(CERTIFICATE, is_self_signed=True)), FAULT, "certificate_own"),
    (_trust(complaint="unable to get local issuer"), FAULT, "certificate_untrusted"),
    (_trust(complaint=None), UNKNOWN, "certificate_not_seen"),
    (
        _trust(certificate=replace(CERTIFICATE, valid_until_ms=NOW_MS + 29 * DAY_MS)),
        WARNING,
        "certificate_soon",
    ),
    (_trust(is_needed=False), UNKNOWN, "certificate_not_used"),
    ({"is_enrolled": False}, FAULT, "centre_not_enrolled"),
    ({"is_centre_in_reach": False}, UNKNOWN, "centre_apart"),
    ({"sittings": ()}, WARNING, "exam_none"),
    ({"sittings": (replace(SITTING, package_problem=CUT_SHORT),)}, FAULT, "exam_unfit"),
    ({"sittings": (replace(SITTING, invigilators=0),)}, FAULT, "exam_no_staff"),
    ({"standbys": Standbys(1, (), ("Box B",))}, FAULT, "standby_silent"),
    ({"standbys": Standbys(0, (), ())}, WARNING, "standby_none"),
    ({"standbys": Standbys(1, None, ())}, UNKNOWN, "standby_not_yet"),
    ({"standbys": Standbys(1, (), ())}, WARNING, "standby_never_seen"),
    ({"mirrors": ()}, WARNING, "mirror_none"),
    ({"mirrors": ("following", "silent")}, FAULT, "mirror_trouble"),
    ({"seats": None}, UNKNOWN, "clients_unknown"),
    ({"seats": Seats(0, 0)}, UNKNOWN, "clients_unknown"),
    ({"seats": Seats(30, 2)}, WARNING, "clients_look"),
    ({"loadtest": Loadtest("none", 0)}, WARNING, "loadtest_never"),
    ({"loadtest": Loadtest("failed", 30)}, FAULT, "loadtest_failed"),
    ({"loadtest": Loadtest("passed", 29)}, WARNING, "loadtest_smaller"),
    ({"update": UpdateView("")}, UNKNOWN, "version_unknown"),
    ({"update": UpdateView("1.0.0", given_up="1.1.0")}, WARNING, "version_went_back"),
    ({"update": UpdateView("1.0.0", installed="1.1.0")}, WARNING, "version_waits"),
    ({"update": UpdateView("1.0.0", refused=REFUSED)}, WARNING, "version_refused"),
]


def _judge(changes: dict[str, object]) -> list[Check]:
    return judge_room(replace(READY, **changes))  # type: ignore[arg-type]


def test_room_in_which_everything_is_well_is_ready() -> None:
    """Every line is green."""
    checks = judge_room(READY)
    assert {OK} == {one.state for one in checks}
    assert is_ready(checks)


@pytest.mark.parametrize(("changes", "state", "finding"), CASES, ids=[one[2] for one in CASES])
def test_one_thing_that_is_wrong_is_one_line_with_a_remedy(
    changes: dict[str, object], state: CheckState, finding: str
) -> None:
    """The others stay green, and somebody without a manual knows what to do."""
    checks = _judge(changes)
    (found,) = [one for one in checks if one.state is not OK]
    assert (state, finding) == (found.state, found.finding)
    assert (state is not FAULT) == is_ready(checks)
    app = Flask("words")
    speak(app)
    with app.test_request_context():
        assert "%(" not in finding_words(found)
        assert remedy_words(found).endswith(".")
        assert check_title(found)


def test_box_whose_key_is_kept_apart_needs_no_signed_system() -> None:
    """Without a chip nothing in the machine opens the disk."""
    checks = _judge({"disk_lock": DiskLock(has_chip=False, is_secure_boot_on=False)})
    assert [(OK, "theft_key_apart")] == [
        (one.state, one.finding) for one in checks if one.name == "theft"
    ]


def test_every_planned_sitting_has_its_line() -> None:
    """Two exams in one room, and one of them cannot be opened."""
    bad = replace(SITTING, title="Chemistry", package_problem=CUT_SHORT)
    checks = _judge({"sittings": (SITTING, bad)})
    assert [OK, FAULT] == [one.state for one in checks if one.name == "exam"]


def test_why_an_update_was_refused_is_said_in_the_language_of_who_reads() -> None:
    """What was noted days ago in no language is translated now."""
    update = UpdateView(running="1.0.0", refused=REFUSED)
    (found,) = [one for one in _judge({"update": update}) if one.name == "version"]
    app = Flask("words")
    speak(app)
    with app.test_request_context(headers={"Accept-Language": "sv"}):
        assert "Filen root saknas" in finding_words(found)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert "The file root is missing" in finding_words(found)
