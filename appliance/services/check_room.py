"""Read everything that a room needs, and judge it: for the command and for the staff page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from appliance.domain.errors import ExamroomError
from appliance.formats.exam_package import inspect_package
from appliance.formats.kept_sentence import KeptSentence
from appliance.platform import machine
from appliance.platform.system_image import running_image
from appliance.services.box import Box
from appliance.services.box_health import BoxHealth, box_health
from appliance.services.judge_room import Check, judge_room
from appliance.services.loadtest import show_loadtest
from appliance.services.look_after_update import show_update
from appliance.services.peers import ANYWHERE
from appliance.services.release_exam import PackageMissingError
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
from appliance.services.room_tls import authority_path
from appliance.services.show_workstations import show_workstations

OWN_NETWORK_FILE = Path("run/examroom-setup/dnsmasq.conf")
"""It is there where the box gives addresses and names itself."""
DNS_PORT, DHCP_PORT = 53, 67


def check_room(box: Box, *, is_serving: bool, root: Path = Path("/")) -> list[Check]:
    """Look at the box and its room.

    `is_serving`: this process is the exam server, so it knows who reports to it and who follows.
    """
    return judge_room(_read(box, is_serving, root))


def _read(box: Box, is_serving: bool, root: Path) -> Readings:
    health = box_health(box)
    now_ms = box.clock.wall_ms()
    hardware_ms = machine.hardware_clock_ms(root)
    return Readings(
        disk=Disk(
            free_bytes=health.disk.free_bytes,
            reserve_bytes=health.disk.reserve_bytes,
            small_write_p95_ms=machine.small_write_p95_ms(box.settings.data_dir),
        ),
        disk_lock=None if running_image(root) is None else machine.disk_lock(root),
        memory_mib=machine.memory_mib(root),
        clocks=Clocks(
            machine.clock_is_synchronised(),
            None if hardware_ms is None else abs(now_ms - hardware_ms) // 1000,
        ),
        power=machine.power(root),
        network=machine.network(root),
        services=_services(box, root),
        trust=_trust(box, health),
        is_enrolled=health.enrolled,
        is_centre_in_reach=health.centre_recent(now_ms),
        sittings=_sittings(box, now_ms),
        standbys=_standbys(box, health, is_serving),
        mirrors=tuple(one.state_at(now_ms) for one in health.mirrors),
        seats=_seats(box) if is_serving else None,
        loadtest=_loadtest(box),
        update=show_update(box),
        now_ms=now_ms,
    )


def _services(box: Box, root: Path) -> Services:
    settings = box.settings
    own = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    places = [(own, settings.candidate_port), (own, settings.staff_port)]
    public = urlsplit(settings.public_origin)
    if public.scheme == "https":
        places += [("127.0.0.1", 80), ("127.0.0.1", public.port or 443)]
    gives_names = (root / OWN_NETWORK_FILE).exists()
    heard = all(machine.listens_udp(port, root) for port in (DNS_PORT, DHCP_PORT))
    return Services(machine.silent_ports(places), gives_names and not heard)


def _trust(box: Box, health: BoxHealth) -> Trust:
    public = urlsplit(box.settings.public_origin)
    host = public.hostname
    if public.scheme != "https" or not host:
        return Trust(health.certificate, (), None, is_needed=False)
    authority = authority_path(box.settings.data_dir)
    complaint = machine.tls_complaint(host, public.port or 443, authority)
    return Trust(health.certificate, (host, f"staff.{host}"), complaint, is_needed=True)


def _sittings(box: Box, now_ms: int) -> tuple[NextSitting, ...]:
    shown = []
    for record in box.store.roster_sittings():
        sitting = record.sitting
        begins_ms = max(now_ms, sitting.get("planned_start_at") or now_ms)
        invigilators = [
            one
            for one in box.store.staff()
            if one.role != "technician" and one.valid_from_ms <= begins_ms <= one.valid_until_ms
        ]
        shown.append(
            NextSitting(
                title=sitting["title"],
                package_problem=_package_problem(box, sitting["package_id"], begins_ms),
                candidates=len(sitting["candidates"]),
                invigilators=len(invigilators),
            )
        )
    return tuple(shown)


def _package_problem(box: Box, package_id: str, begins_ms: int) -> KeptSentence | None:
    """Return why a release would fail, as far as that can be known without the code."""
    try:
        data = box.package_path(package_id).read_bytes()
    except OSError:
        return KeptSentence.of(PackageMissingError())
    try:
        inspect_package(data, centre=box.centre(), box_id=box.identity.id, now_ms=begins_ms)
    except ExamroomError as problem:
        return KeptSentence.of(problem)
    return None


def _standbys(box: Box, health: BoxHealth, is_serving: bool) -> Standbys:
    chosen = {box_id for _, box_id, _ in box.store.peers()} - {box.identity.id}
    following = tuple(one.name for one in health.standbys if one.follows)
    silent = tuple(one.name for one in health.standbys if not one.follows)
    is_known = is_serving and box.room is not None
    return Standbys(len(chosen), following if is_known else None, silent)


def _seats(box: Box) -> Seats:
    views = show_workstations(box, with_conduct=False)
    return Seats(len(views), sum(bool(one.notices) for one in views))


def _loadtest(box: Box) -> Loadtest:
    view = show_loadtest(box.settings)
    played = view.figures.get("candidates", 0)
    return Loadtest(view.state, played if isinstance(played, int) else 0)
