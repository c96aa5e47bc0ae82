"""The guard of a kiosk against real boxes behind TLS: trust, rooms, take-over, release."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client.guard import CALM_TURNS, SENDING_TURNS, SETTLING_TURNS, Guard, Standing
from kiosk_client.trust import (
    Authority,
    AuthorityUnusableError,
    BoxSilentError,
    BoxUntrustedError,
    ClockWrongError,
    NotABoxError,
    Wanted,
)
from kiosk_client.ways import Ways
from tests.integration.conftest import MakeBox, writing_clients
from tests.integration.test_conduct import BASIS, conduct_of, says, until
from tests.integration.test_standby import wait_until
from tests.integration.test_workstations import Staff
from tests.rig.box_process import BoxProcess, free_port
from tests.rig.keyboard import Keyboard
from tests.rig.tls_front import TlsFront, keep_authority

TURNS_MAX = 100
MakeGuard = Callable[..., Guard]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The authority of the school."""
    return trustme.CA()


@pytest.fixture
def make_guard(tmp_path: Path, authority: trustme.CA) -> MakeGuard:
    """Make guards of a workstation that is a folder; none listens to the network."""

    def make(*, ways: Ways | None = None, **given: object) -> Guard:
        settings = KioskSettings.model_validate(
            {
                "authority": keep_authority(authority, tmp_path),
                "policies_dir": tmp_path / "policies",
                "state_dir": tmp_path / "state",
                "profile_dir": tmp_path / "profile",
                "local_port": free_port(),
                **given,
            }
        )
        return Guard(settings, root=tmp_path / "root", ways=ways)

    return make


@pytest.fixture
def behind_tls(make_box: MakeBox, authority: trustme.CA) -> Iterator[Callable[..., BoxProcess]]:
    """Start boxes whose candidates come by TLS."""
    fronts = []

    def make(**given: object) -> BoxProcess:
        box = make_box(**given)
        front = put_tls_in_front(box, authority)
        fronts.append(front)
        return box

    yield make
    for front in fronts:
        front.close()


def put_tls_in_front(box: BoxProcess, authority: trustme.CA) -> TlsFront:
    """Give a box that is not started yet an address with TLS, and let it know."""
    front = TlsFront(authority, box.candidate_port)
    box.settings = {**box.settings, "public_origin": front.origin}
    return front


def public(box: BoxProcess) -> str:
    """Return the address at which kiosks find a box."""
    return str(box.settings["public_origin"])


def turn_until(guard: Guard, wanted: Callable[[Standing], bool]) -> None:
    """Let the guard look around until things stand so."""
    for _ in range(TURNS_MAX):
        guard.turn()
        if wanted(guard.standing):
            return
    pytest.fail(f"after {TURNS_MAX} turns: {guard.standing}")


def allowed(guard: Guard) -> list[str]:
    """Return what the browser may open, as it reads it."""
    path = guard.settings.policies_dir / "examroom.json"
    found: list[str] = json.loads(path.read_text())["URLAllowlist"]
    return found


def test_nothing_is_sent_to_a_box_of_another_authority(
    tmp_path: Path, authority: trustme.CA
) -> None:
    """Not even the name of the page: the connection ends before the request."""
    with closing(TlsFront(trustme.CA())) as front:
        trusting = Authority(keep_authority(authority, tmp_path))
        with pytest.raises(BoxUntrustedError):
            trusting.look(front.origin)
        with pytest.raises(BoxUntrustedError):
            trusting.report(front.origin, "desk0001", {"kind": "kiosk"})
    assert (2, b"") == (front.connections, front.received)


def test_authorities_of_the_environment_are_not_believed(
    tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can set a variable on the machine must not choose whom it trusts."""
    other = trustme.CA()
    (tmp_path / "other").mkdir()
    path = str(keep_authority(other, tmp_path / "other"))
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, path)
    with closing(TlsFront(other)) as front, pytest.raises(BoxUntrustedError):
        Authority(keep_authority(authority, tmp_path)).look(front.origin)


def test_certificate_for_another_host_is_refused(tmp_path: Path, authority: trustme.CA) -> None:
    """A box's certificate is for its own name only."""
    trusting = Authority(keep_authority(authority, tmp_path))
    with closing(TlsFront(authority)) as front, pytest.raises(BoxUntrustedError):
        trusting.look(f"https://127.0.0.1:{front.port}")


def test_certificate_of_yesterday_says_that_the_clock_may_be_wrong(
    tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flat battery on the board is the usual reason, and a technician can tell."""
    expired = authority.issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
    monkeypatch.setattr(authority, "issue_cert", lambda *_names: expired)
    with closing(TlsFront(authority)) as front, pytest.raises(ClockWrongError):
        Authority(keep_authority(authority, tmp_path)).look(front.origin)


def test_silence_a_foreign_answer_and_a_missing_certificate_are_told_apart(
    tmp_path: Path, authority: trustme.CA, running_box: BoxProcess
) -> None:
    """Each wants something else from the person who meets it."""
    trusting = Authority(keep_authority(authority, tmp_path))
    with pytest.raises(BoxSilentError):
        trusting.look(f"https://localhost:{free_port()}")
    # The staff application is trusted by TLS, and no box to clients.
    with closing(TlsFront(authority, running_box.staff_port)) as front, pytest.raises(NotABoxError):
        trusting.look(front.origin)
    for bad in (tmp_path / "nothing.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").write_text("")
        with pytest.raises(AuthorityUnusableError):
            Authority(bad)


def test_guard_without_an_authority_says_so_and_asks_nobody_until_it_has_one(
    tmp_path: Path, authority: trustme.CA, make_guard: MakeGuard
) -> None:
    """A stick that was not set up, or whose settings were slow to be found."""
    guard = make_guard(authority=tmp_path / "later.pem")
    with closing(TlsFront(authority)) as front:
        guard.use_address(front.origin)
        guard.turn()
        assert ("unset", 0) == (guard.standing.matter, front.connections)
        assert [guard.settings.local_origin] == allowed(guard)
        assert (
            []
            == json.loads((guard.settings.policies_dir / "examroom.json").read_text())[
                "CACertificates"
            ]
        )
        keep_authority(authority, tmp_path).rename(guard.settings.authority)
        guard.turn()
        assert "unset" != guard.standing.matter
        assert front.connections > 0


@pytest.mark.parametrize("head", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_answer_that_breaks_off_is_silence(
    tmp_path: Path, authority: trustme.CA, head: bytes
) -> None:
    """The plug of a box is pulled in the middle of an answer: the guard goes on."""
    broken = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n5\r\n{"

    def answer(line: socket.socket) -> None:
        with line:
            line.recv(65536)
            line.sendall(broken)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: answer(server.accept()[0]), daemon=True).start()
        port = server.getsockname()[1]
        with closing(TlsFront(authority, port)) as front, pytest.raises(BoxSilentError):
            Authority(keep_authority(authority, tmp_path)).look(front.origin)


def test_guard_finds_trusts_allows_and_reports(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess]
) -> None:
    """Typed address, then the exam page once the browser has read what it may open."""
    box = behind_tls()
    box.start()
    guard = make_guard()
    guard.use_address(f" {public(box)}/?from=a-code ")
    guard.turn()
    assert ("found", "Test room", "") == (
        guard.standing.matter,
        guard.standing.room,
        guard.standing.open_at,
    )
    assert [guard.settings.local_origin, public(box)] == allowed(guard)
    for _ in range(SETTLING_TURNS):
        guard.turn()
    assert public(box) == guard.standing.open_at
    page = box.staff()._get("/workstations")
    assert guard.memory.workstation_id in page


def test_page_opens_only_where_the_firewall_lets_it(
    tmp_path: Path, make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess]
) -> None:
    """A page that cannot load helps nobody: the computer says what to do, and goes on by itself."""
    box = behind_tls()
    box.start()
    opener = tmp_path / "socket"
    opener.touch()
    guard = make_guard(address=public(box), ways=Ways(opener))
    for _ in range(SETTLING_TURNS + 1):
        guard.turn()
    assert ("no_way", "") == (guard.standing.matter, guard.standing.open_at)
    opener.unlink()
    turn_until(guard, lambda now: now.open_at == public(box))
    assert "found" == guard.standing.matter


def test_boxes_are_asked_seldom_while_the_page_is_open(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of computers ask the same box; each looks again at once when it does not answer."""
    box = behind_tls()
    box.start()
    guard = make_guard(address=public(box))
    turn_until(guard, lambda now: now.open_at == public(box))
    looks = []
    look = guard._looks.look
    monkeypatch.setattr(guard._looks, "look", lambda asked: looks.append(asked) or look(asked))
    for _ in range(2 * CALM_TURNS):
        guard.turn()
    assert 2 == len(looks)
    box.kill()
    turn_until(guard, lambda now: now.matter == "silent")
    looks.clear()
    guard.turn()
    guard.turn()
    assert 2 == len(looks)


def test_room_is_remembered_and_its_silence_is_said(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess]
) -> None:
    """Another room's box in reach is not taken instead: that is for a person to choose."""
    mine, other = behind_tls(), behind_tls()
    mine.start()
    guard = make_guard(address=public(mine))
    guard.turn()
    mine.kill()
    other.start()
    again = make_guard()
    # As if it had been announced: nobody typed it.
    again._named = {public(other)}
    again.turn()
    assert "silent" == again.standing.matter
    again.choose(public(other))
    again.turn()
    assert "found" == again.standing.matter
    assert public(mine) in allowed(again), "a page that is open there must be able to load again"


def test_guard_follows_a_take_over(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess], authority: trustme.CA
) -> None:
    """The standby is known from the box that leads; when it leads, new pages open there."""
    box = behind_tls(standby_count=1)
    box.start()
    box.open_and_release()
    standby = box.standby()
    with closing(put_tls_in_front(standby, authority)):
        standby.start()
        guard = make_guard(address=public(box))
        turn_until(guard, lambda now: public(standby) in now.allowed)
        chief = standby.staff()
        wait_until(lambda: "is here" in chief.read("/standby"), "followed")
        box.kill()
        chief.take_over()
        turn_until(guard, lambda now: now.open_at == public(standby))
        assert "found" == guard.standing.matter
        assert {public(box), public(standby)} <= set(allowed(guard))


def test_release_and_restart_come_from_the_box_that_is_trusted(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess]
) -> None:
    """Counted once; and what a box wanted before this guard started is not done again."""
    box = behind_tls()
    box.start()
    first = make_guard(address=public(box))
    first.turn()
    chief, name = box.staff(), first.memory.workstation_id
    chief._post("/workstations", f"/workstations/{name}/restart-browser")
    later = make_guard(address=public(box))
    assert name == later.memory.workstation_id
    later.turn()
    assert (0, False) == (later.standing.restarts, later.standing.released)
    chief._post("/workstations", f"/workstations/{name}/restart-browser")
    chief._post("/workstations", f"/workstations/{name}/release", released="yes")
    turn_until(later, lambda now: now.released)
    assert 1 == later.standing.restarts


def test_work_of_an_earlier_start_is_sent_before_a_release_erases_it(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess]
) -> None:
    """A computer that lost its power is let go once its page had time with the box."""
    box = behind_tls()
    box.start()
    guard = make_guard(address=public(box))
    guard._work.is_of_before = True
    turn_until(guard, lambda now: bool(now.open_at))
    box.staff()._post(
        "/workstations", f"/workstations/{guard.memory.workstation_id}/release", released="yes"
    )
    for _ in range(SENDING_TURNS - 1):
        guard.turn()
        assert not guard.standing.released
    turn_until(guard, lambda now: now.released)


@pytest.fixture
def keyboard(tmp_path: Path) -> Iterator[Keyboard]:
    """A keyboard of the workstation that is a folder."""
    one = Keyboard(tmp_path / "root")
    yield one
    one.close()


def test_kiosk_tells_how_many_keys_it_blocked_while_the_candidate_writes(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess], keyboard: Keyboard
) -> None:
    """What was pressed before, and after hand-in, stays on the computer."""
    box = behind_tls(conduct_basis=BASIS, settings={"tick_seconds": 1})
    box.start()
    box.open_and_release()
    guard, stopping = make_guard(address=public(box)), threading.Event()
    threading.Thread(target=guard._keys.watch, args=(stopping,), daemon=True).start()

    def tells() -> bool:
        guard._report_in_turns = 0
        guard.turn()
        return guard.standing.tells_blocked_keys

    keyboard.leaves(2)
    until(lambda: not tells() and guard.standing.blocked_keys == 2)
    (first, _) = writing_clients(box)
    says(first, guard.memory.workstation_id)
    until(tells)
    chief = Staff(box, "chief")
    until(lambda: tells() and "Keys blocked: 0" in chief.page())
    keyboard.leaves(3)
    until(lambda: tells() and "Keys blocked: 3" in chief.page())
    until(lambda: "Keys blocked: 3" in chief.page("/report"))
    first.hand_in()
    until(lambda: not tells())
    keyboard.leaves(4)
    until(lambda: not tells() and guard.standing.blocked_keys == 9)
    assert "Keys blocked" not in chief.page()
    stopping.set()
    box.terminate()
    assert [3] == [one.decoded_body()["blocked_count"] for one in conduct_of(box)[1:]]


def test_kiosk_tells_no_other_box_what_one_has_asked(
    make_guard: MakeGuard, behind_tls: Callable[..., BoxProcess], keyboard: Keyboard
) -> None:
    """Another box may run another version, which would refuse every report with it."""
    box = behind_tls()
    box.start()
    guard, stopping = make_guard(address=public(box)), threading.Event()
    threading.Thread(target=guard._keys.watch, args=(stopping,), daemon=True).start()
    keyboard.leaves(1)
    until(lambda: guard._keys.count == 1)
    asked = Wanted(release=False, restart_browser=0, poll_seconds=5, conduct="0123456789abcdef")
    guard._obey(public(box), asked)
    keyboard.leaves(2)
    until(lambda: guard._keys.count == 3)
    told = {"conduct": "0123456789abcdef", "blocked_keys_count": 2}
    assert told == guard._conduct_for(public(box))
    assert {} == guard._conduct_for("https://other.example")
    # One that does not answer may have come back as another version.
    box.kill()
    guard._report(public(box))
    assert {} == guard._conduct_for(public(box))
    guard._obey(public(box), asked)
    assert told == guard._conduct_for(public(box))
    stopping.set()
