"""The room as clients meet it: HAProxy with TLS in front of a box, by the generated file."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme
from requests.adapters import HTTPAdapter

from provisioning.box_services.connectivity_probes import HTTP_PROBES, Probe
from provisioning.box_services.proxy import ProxyPorts
from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox
from tests.integration.test_safe_exam_browser import CHOOSE, WAYS, links, refusal
from tests.rig.box_process import CHIEF, CHIEF_PIN, SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.room_proxy import HAPROXY, proxy_ports, resolve_test_names, room_proxy
from tests.rig.seb_client import SebClient, Way

NAME = "room.test"
CALL_SECONDS = 10
TRIES = 30


@dataclass(slots=True)
class Front:
    """A box behind its proxy, and what clients trust."""

    box: BoxProcess
    ports: ProxyPorts
    authority: Path
    configuration: Path

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.ports.https}"

    @property
    def staff_origin(self) -> str:
        return f"https://staff.{NAME}:{self.ports.https}"

    def session(self) -> requests.Session:
        """Return a client that trusts the room's authority and nobody else."""
        made = requests.Session()
        made.trust_env = False
        made.verify = str(self.authority)
        return made


@pytest.fixture
def front(make_box: MakeBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """A box behind HAProxy, started."""
    resolve_test_names(monkeypatch)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    issued = authority.issue_cert(NAME, f"staff.{NAME}")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "room.pem"))
    box = make_box()
    ports = proxy_ports(box.candidate_port, box.staff_port)
    box.settings = {
        "proxy_address": "127.0.0.1",
        "public_origin": f"https://{NAME}:{ports.https}",
    }
    box.start()
    with room_proxy(tmp_path, ports, tmp_path / "room.pem") as configuration:
        yield Front(box, ports, tmp_path / "authority.pem", configuration)


def test_an_exam_runs_over_tls(front: Front) -> None:
    """Staff and candidates sign in with cookies that only TLS carries, and work is saved."""
    staff = StaffDriver(front.staff_origin, session=front.session())
    staff.sign_in(CHIEF, CHIEF_PIN)
    staff.open_room()
    staff.release(SITTING, front.box.release_code)
    session = front.session()
    client = CandidateClient(front.origin, front.box.codes[0], "client0000", session=session)  # type: ignore[arg-type]
    client.sign_in()
    staff.check_in_who_waits()
    staff.start(SITTING)
    client.write("ESSAY", "over TLS")
    assert client.last_no == client.exchange()["acknowledged"]
    assert all(one.secure and one.name.startswith("__Host-") for one in session.cookies)


@pytest.mark.parametrize("way", WAYS)
def test_safe_exam_browser_is_known_through_the_proxy(front: Front, way: Way) -> None:
    """The address that SEB hashes is the one it asked for, not the one the proxy asks."""
    staff = StaffDriver(front.staff_origin, session=front.session())
    staff.sign_in(CHIEF, CHIEF_PIN)
    staff.open_room()
    staff.release(SITTING, front.box.release_code)
    staff._post("/locked-browser", CHOOSE, browser="seb")
    seb = SebClient(links(staff)[0], way)
    seb.take(front.session().get(seb.link.replace("seb", "http", 1), timeout=CALL_SECONDS).content)
    seb.session.verify = str(front.authority)
    seb.session.open_page(seb.settings["startURL"])
    assert front.origin == seb.candidate("", "").origin
    assert "" == refusal(seb.candidate(front.box.codes[0], "client0000"))
    plain = CandidateClient(front.origin, front.box.codes[0], "client0001", session=front.session())  # type: ignore[arg-type]
    assert "locked_browser_missing" == refusal(plain)


def test_the_host_name_decides_who_is_served(front: Front) -> None:
    """Two names, so that no cookie of one application reaches the other."""
    with front.session() as session:
        assert session.get(f"{front.origin}/health", timeout=CALL_SECONDS).text == "ok"
        assert 404 == session.get(f"{front.origin}/sign-in", timeout=CALL_SECONDS).status_code
        staff = session.get(f"{front.staff_origin}/sign-in", timeout=CALL_SECONDS)
        assert 200 == staff.status_code
        assert "max-age=31536000" == staff.headers["Strict-Transport-Security"]
        assert 404 == session.get(f"{front.staff_origin}/health", timeout=CALL_SECONDS).status_code


class _From(HTTPAdapter):
    """Calls from an address of its own, as another computer of the room would."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: object, **named: object) -> None:
        named["source_address"] = (self._address, 0)
        super().init_poolmanager(*given, **named)  # type: ignore[arg-type]


def test_a_client_cannot_choose_its_address(front: Front) -> None:
    """The limit on guessing counts by address, so nobody may claim another one each time."""

    def guess(session: requests.Session, number: int) -> int:
        lies = (("X-Forwarded-For", "X_Forwarded_For", "Forwarded")[number % 3], f"10.9.9.{number}")
        return session.post(
            f"{front.origin}/api/v1/sign-in",
            json={"code": "WRONG-CODE", "client": "client0000"},
            headers=dict([lies]),
            timeout=CALL_SECONDS,
        ).status_code

    staff = StaffDriver(front.staff_origin, session=front.session())
    staff.sign_in(CHIEF, CHIEF_PIN)
    staff.open_room()
    with front.session() as guessing, front.session() as other:
        answers = [guess(guessing, number) for number in range(TRIES + 1)]
        assert 429 == answers[-1]
        assert 429 not in answers[:-1]
        other.mount("https://", _From("127.0.0.9"))
        assert 429 != guess(other, 0)


def _ask_plainly(front: Front, host: str, target: str) -> requests.Response:
    return requests.get(
        f"http://127.0.0.1:{front.ports.http}{target}",
        headers={"Host": host},
        allow_redirects=False,
        timeout=CALL_SECONDS,
    )


def test_plain_http_leads_to_tls(front: Front) -> None:
    """Whoever types the name alone arrives; nothing is served without TLS."""
    answer = _ask_plainly(front, NAME, "/any?x=1")
    assert 307 == answer.status_code
    assert f"https://{NAME}/any?x=1" == answer.headers["Location"]


@pytest.mark.parametrize("probe", HTTP_PROBES, ids=lambda one: f"{one.host}{one.path}")
def test_questions_for_the_internet_are_answered(front: Front, probe: Probe) -> None:
    """A computer that is told otherwise leaves the room's network, or covers the exam."""
    answer = _ask_plainly(front, probe.host, probe.path)
    assert probe.status == answer.status_code
    assert probe.body == answer.text
    assert 307 == _ask_plainly(front, probe.host, "/other").status_code


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(front: Front) -> None:
    """TLS 1.2 at least (OWASP ASVS 12.1.1)."""
    line = ssl.create_default_context(cafile=str(front.authority))
    line.minimum_version = line.maximum_version = ssl.TLSVersion.TLSv1_1
    line.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"), _tls(front, line):
        pass


def test_http_2_is_offered(front: Front) -> None:
    """One connection for each computer, however many files its page has."""
    line = ssl.create_default_context(cafile=str(front.authority))
    line.set_alpn_protocols(["h2", "http/1.1"])
    with _tls(front, line) as connection:
        assert "h2" == connection.selected_alpn_protocol()


def _tls(front: Front, line: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", front.ports.https), CALL_SECONDS)
    return line.wrap_socket(plain, server_hostname=NAME)


def test_haproxy_finds_nothing_to_say_about_the_file(front: Front) -> None:
    """Not even a warning: those hide the one that matters."""
    done = subprocess.run(
        [HAPROXY or "", "-c", "-q", "-f", str(front.configuration)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (0, "") == (done.returncode, done.stderr)
