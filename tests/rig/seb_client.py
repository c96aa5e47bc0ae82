"""Safe Exam Browser reduced to what the box can see of it.

It opens a file as SEB does, computes its own hashes from what the file says, and shows them by
headers, as SEB for Windows does, or by the page, as on macOS and iPad.  With a file that says so it
reports as to a SEB Server.  It is written from docs/seb.md alone, so it proves that page, not SEB.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urljoin

import requests

from appliance.formats.seb_settings import config_key, request_hash
from provisioning.demo.http import LoopbackSession
from tests.rig.candidate_client import CALL_SECONDS, CandidateClient
from tests.rig.seb_file import read_seb_file

Way = Literal["headers", "page"]


class SebSession(LoopbackSession):
    """A browser's requests with what SEB adds to them."""

    def __init__(self, key: str, way: Way, *, exam_key: str = "") -> None:
        super().__init__()
        self.key, self.way, self.exam_key = key, way, exam_key
        self.page = ""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Add the hashes."""
        prepared = super().prepare_request(request)
        url, names = str(prepared.url), ("X-SafeExamBrowser-ConfigKeyHash", "RequestHash")
        if self.way == "page":
            if not self.page:
                return prepared
            url, names = self.page, ("X-Examroom-ConfigKeyHash", "RequestHash")
            prepared.headers["X-Examroom-Page"] = self.page
        prepared.headers[names[0]] = request_hash(url, self.key)
        if self.exam_key:
            name = names[0].replace("ConfigKeyHash", names[1])
            prepared.headers[name] = request_hash(url, self.exam_key)
        return prepared

    def open_page(self, address: str) -> None:
        """Open an address; the page that is there in the end asks SEB for its own hashes."""
        self.page = self.get(address, timeout=CALL_SECONDS).url


@dataclass(slots=True)
class SebClient:
    """One Safe Exam Browser on one computer."""

    link: str
    way: Way = "headers"
    password: str = ""
    exam_key: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    session: SebSession = field(init=False)
    api: requests.Session = field(default_factory=requests.Session)
    endpoints: dict[str, str] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> None:
        """Fetch the file, take its settings, open its first page."""
        address = self.link.replace("seb", "http", 1)
        answer = requests.get(address, timeout=CALL_SECONDS)
        answer.raise_for_status()
        self.take(answer.content)
        self.session.open_page(self.settings["startURL"])

    def take(self, file: bytes) -> None:
        """Take the settings of a file."""
        self.settings = read_seb_file(file, password=self.password)
        key = config_key(self.settings)
        self.session = SebSession(key, self.way, exam_key=self.exam_key)

    def candidate(self, code: str, client_id: str) -> CandidateClient:
        """Return the candidate's page in this browser."""
        origin = self.settings["startURL"].partition("/seb/")[0]
        return CandidateClient(origin, code, client_id, session=self.session)

    def connect(self) -> str:
        """Report as to a SEB Server: go through the whole handshake; return the workstation's id.

        From then on the settings are those that the server gave, as with SEB.
        """
        server, own = self.settings["sebServerURL"], self.settings["sebServerConfiguration"]
        found = requests.get(urljoin(server, own["apiDiscovery"]), timeout=CALL_SECONDS).json()
        (version,) = found["api-versions"]
        self.endpoints = {
            one["name"]: urljoin(found["server-location"], one["location"])
            for one in version["endpoints"]
        }
        token = requests.post(
            self.endpoints["access-token-endpoint"],
            auth=(own["clientName"], own["clientSecret"]),
            data={"grant_type": "client_credentials", "scope": "read write"},
            timeout=CALL_SECONDS,
        )
        token.raise_for_status()
        self.api.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        said = {
            "institutionId": own["institution"],
            "client_id": "",
            "seb_machine_name": "desk-7",
            "seb_os_name": "Windows 11",
            "seb_version": "3.10.2",
        }
        hello = self._call("POST", "seb-handshake-endpoint", data=said)
        self.api.headers["SEBConnectionToken"] = hello.headers["SEBConnectionToken"]
        (exam,) = hello.json()
        given = self._call("GET", "seb-configuration-endpoint", params={"examId": exam["examId"]})
        self._call("PATCH", "seb-handshake-endpoint", data={"examId": exam["examId"]})
        self.take(given.content)
        self.session.open_page(exam["url"])
        return str(exam["url"].rpartition("=")[2])

    def ping(self, confirmed: str = "") -> dict[str, Any] | None:
        """Ping; return what the box wants."""
        said = {"timestamp": str(int(time.time() * 1000)), "ping-number": "1"}
        if confirmed:
            said["instruction-confirm"] = confirmed
        answer = self._call("POST", "seb-ping-endpoint", data=said)
        return answer.json() if answer.content else None

    def carry_out(self) -> dict[str, Any]:
        """Ping until the box wants something; confirm it and return it."""
        wanted = self.ping()
        if wanted is None:
            raise RuntimeError("the box wants nothing")
        self.ping(wanted["attributes"]["instruction-confirm"])
        return wanted

    def log(self, kind: str, text: str, number: int) -> None:
        """Log a line."""
        line = {"type": kind, "timestamp": 1, "text": text, "numericValue": number}
        self._call("POST", "seb-log-endpoint", json=line)

    def disconnect(self) -> None:
        """Say that this client ends."""
        self._call("DELETE", "seb-handshake-endpoint")

    def _call(self, method: str, endpoint: str, **options: Any) -> requests.Response:
        answer = self.api.request(method, self.endpoints[endpoint], timeout=CALL_SECONDS, **options)
        answer.raise_for_status()
        return answer
