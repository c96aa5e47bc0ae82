"""From readings to a list of checks: pure, so that every finding can be tried with made-up ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.formats.kept_sentence import KeptSentence
from appliance.services.look_after_update import UpdateView
from appliance.services.room_readings import Readings, Trust

GIB = 2**30
DISK_FREE_LOW_BYTES = 2 * GIB
SMALL_WRITE_SLOW_MS = 50
"""The limit for a stick that a box runs from (docs/operating/technician.md)."""
SMALL_WRITE_FAULT_MS = 500
MEMORY_AVAILABLE_MIB_MIN = 512
HARDWARE_OFF_SECONDS_MAX = 60
BATTERY_LOW_PERCENT = 50
CERTIFICATE_DAYS_FEW = 30


Value = str | int | KeptSentence
"""What a sentence takes up; a kept sentence is translated with it."""


class CheckState(StrEnum):
    """What a check says; only a fault keeps a room from being ready."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, what was found, and figures for its sentence."""

    name: str
    state: CheckState
    finding: str
    values: dict[str, Value] = field(default_factory=dict)


def judge_room(found: Readings) -> list[Check]:
    """Return every check, in the order in which a technician goes through a room."""
    return [
        _disk_space(found),
        _disk_speed(found),
        _theft(found),
        _memory(found),
        _clock(found),
        _power(found),
        _network(found),
        _ports(found),
        _certificate(found.trust, found.now_ms),
        _centre(found),
        *_sittings(found),
        _standby(found),
        _mirror(found),
        _clients(found),
        _loadtest(found),
        _version(found.update),
    ]


def is_ready(checks: list[Check]) -> bool:
    """Say whether nothing stands in the way of an exam."""
    return all(one.state is not CheckState.FAULT for one in checks)


def _ok(name: str, finding: str, /, **values: Value) -> Check:
    return Check(name, CheckState.OK, finding, values)


def _warning(name: str, finding: str, /, **values: Value) -> Check:
    return Check(name, CheckState.WARNING, finding, values)


def _fault(name: str, finding: str, /, **values: Value) -> Check:
    return Check(name, CheckState.FAULT, finding, values)


def _unknown(name: str, finding: str, /, **values: Value) -> Check:
    return Check(name, CheckState.UNKNOWN, finding, values)


def _disk_space(found: Readings) -> Check:
    free = found.disk.free_bytes
    gigabytes = f"{free / 1e9:.1f}"
    if free < found.disk.reserve_bytes:
        return _fault("disk", "disk_full", gb=gigabytes)
    if free < DISK_FREE_LOW_BYTES:
        return _warning("disk", "disk_low", gb=gigabytes)
    return _ok("disk", "disk_ok", gb=gigabytes)


def _disk_speed(found: Readings) -> Check:
    took = found.disk.small_write_p95_ms
    if took is None:
        return _unknown("disk_speed", "disk_speed_unknown")
    shown = round(took, 1) if took < 10 else int(took)
    if took > SMALL_WRITE_FAULT_MS:
        return _fault("disk_speed", "disk_much_too_slow", ms=str(shown))
    if took > SMALL_WRITE_SLOW_MS:
        return _warning("disk_speed", "disk_slow", ms=str(shown))
    return _ok("disk_speed", "disk_fast", ms=str(shown))


def _theft(found: Readings) -> Check:
    lock = found.disk_lock
    if lock is None:
        return _unknown("theft", "theft_not_ours")
    if not lock.has_chip:
        return _ok("theft", "theft_key_apart")
    if not lock.is_secure_boot_on:
        return _warning("theft", "theft_whole_box")
    return _ok("theft", "theft_locked")


def _memory(found: Readings) -> Check:
    if found.memory_mib is None:
        return _unknown("memory", "memory_unknown")
    whole, available = found.memory_mib
    if available < MEMORY_AVAILABLE_MIB_MIN:
        return _fault("memory", "memory_low", mib=available, all=whole)
    return _ok("memory", "memory_ok", mib=available, all=whole)


def _clock(found: Readings) -> Check:
    off = found.clocks.hardware_off_seconds
    if off is not None and off > HARDWARE_OFF_SECONDS_MAX:
        return _warning("clock", "clock_hardware_off", n=off)
    if found.clocks.is_synchronised is None:
        return _unknown("clock", "clock_unknown")
    if not found.clocks.is_synchronised:
        return _warning("clock", "clock_alone")
    return _ok("clock", "clock_ok")


def _power(found: Readings) -> Check:
    percent = found.power.battery_percent
    if found.power.is_on_mains is False:
        return _fault("power", "power_on_battery")
    if percent is None:
        return _unknown("power", "power_no_battery")
    if percent < BATTERY_LOW_PERCENT:
        return _warning("power", "power_battery_low", n=percent)
    return _ok("power", "power_ok", n=percent)


def _network(found: Readings) -> Check:
    network = found.network
    if not network.linked and not network.unlinked:
        return _unknown("network", "network_unknown")
    if not network.linked:
        return _fault("network", "network_no_link", ports=", ".join(network.unlinked))
    if not network.addresses:
        return _fault("network", "network_no_address", ports=", ".join(network.linked))
    if found.services.names_missing:
        return _fault("network", "network_no_names")
    return _ok("network", "network_ok", addresses=", ".join(network.addresses))


def _ports(found: Readings) -> Check:
    silent = found.services.silent_ports
    if silent:
        return _fault("ports", "ports_silent", ports=", ".join(str(port) for port in silent))
    return _ok("ports", "ports_ok")


def _certificate(trust: Trust, now_ms: int) -> Check:
    said = trust.certificate
    if not trust.is_needed:
        return _unknown("certificate", "certificate_not_used")
    if said is None:
        return _fault("certificate", "certificate_missing")
    days = said.days_left(now_ms)
    missing = [one for one in trust.wanted if one not in said.names]
    values: dict[str, str | int] = {
        "n": days,
        "name": missing[0] if missing else "",
        "problem": trust.complaint or "",
    }
    # The first that applies; what a client says comes after what explains it.
    faults = (
        ("certificate_over", days < 0),
        ("certificate_names", bool(missing)),
        ("certificate_own", said.is_self_signed),
        ("certificate_untrusted", bool(trust.complaint)),
    )
    for finding, is_so in faults:
        if is_so:
            return _fault("certificate", finding, **values)
    if trust.complaint is None:
        return _unknown("certificate", "certificate_not_seen", **values)
    if days < CERTIFICATE_DAYS_FEW:
        return _warning("certificate", "certificate_soon", **values)
    return _ok("certificate", "certificate_ok", **values)


def _centre(found: Readings) -> Check:
    if not found.is_enrolled:
        return _fault("centre", "centre_not_enrolled")
    if not found.is_centre_in_reach:
        return _unknown("centre", "centre_apart")
    return _ok("centre", "centre_ok")


def _sittings(found: Readings) -> list[Check]:
    if not found.sittings:
        return [_warning("exam", "exam_none")]
    checks = []
    for one in found.sittings:
        if one.package_problem:
            check = _fault("exam", "exam_unfit", title=one.title, problem=one.package_problem)
        elif one.invigilators == 0:
            check = _fault("exam", "exam_no_staff", title=one.title)
        else:
            staff = one.invigilators
            check = _ok("exam", "exam_ok", title=one.title, n=one.candidates, staff=staff)
        checks.append(check)
    return checks


def _standby(found: Readings) -> Check:
    standbys = found.standbys
    if standbys.silent:
        return _fault("standby", "standby_silent", name=standbys.silent[0])
    if standbys.following:
        return _ok("standby", "standby_ok", names=", ".join(standbys.following))
    if standbys.chosen == 0:
        return _warning("standby", "standby_none")
    if standbys.following is None:
        return _unknown("standby", "standby_not_yet", n=standbys.chosen)
    return _warning("standby", "standby_never_seen", n=standbys.chosen)


def _mirror(found: Readings) -> Check:
    if not found.mirrors:
        return _warning("mirror", "mirror_none")
    trouble = [state for state in found.mirrors if state != "following"]
    if trouble:
        return _fault("mirror", "mirror_trouble")
    return _ok("mirror", "mirror_ok", n=len(found.mirrors))


def _clients(found: Readings) -> Check:
    if found.seats is None or found.seats.reported == 0:
        return _unknown("clients", "clients_unknown")
    if found.seats.in_trouble:
        return _warning("clients", "clients_look", n=found.seats.in_trouble)
    return _ok("clients", "clients_ok", n=found.seats.reported)


def _loadtest(found: Readings) -> Check:
    planned = max((one.candidates for one in found.sittings), default=0)
    state, played = found.loadtest.state, found.loadtest.candidates
    if state == "failed":
        return _fault("loadtest", "loadtest_failed")
    if state != "passed":
        return _warning("loadtest", "loadtest_never")
    if played < planned:
        return _warning("loadtest", "loadtest_smaller", n=played, planned=planned)
    return _ok("loadtest", "loadtest_ok", n=played)


def _version(update: UpdateView) -> Check:
    if not update.running:
        return _unknown("version", "version_unknown")
    if update.given_up:
        new = update.given_up
        return _warning("version", "version_went_back", v=update.running, new=new)
    if update.installed:
        new = update.installed
        return _warning("version", "version_waits", v=update.running, new=new)
    if update.refused:
        why = update.refused.why
        return _warning("version", "version_refused", v=update.running, why=why)
    return _ok("version", "version_ok", v=update.running)
