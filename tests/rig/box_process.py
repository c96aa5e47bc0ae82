"""A box as its users meet it: the command `examroom serve` in a process of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import requests

from appliance.domain.exams import Exam
from appliance.formats.candidate_code import (
    create_candidate_code,
    create_code_key,
    hash_candidate_code,
)
from appliance.formats.exam_model import encode_exam
from appliance.formats.exam_package import PackageContents, PackageTerms, build_package
from appliance.formats.keys import (
    BoxIdentity,
    CentreIdentity,
    RecoveryKey,
    create_centre_identity,
    create_recovery_key,
    load_or_create_box_identity,
    pin_centre,
)
from appliance.formats.release_code import create_release_code
from appliance.formats.sealed_document import Document, seal_document
from appliance.formats.staff_secret import hash_staff_secret
from appliance.platform.credentials import load_or_create_key
from appliance.storage.journals import Journal, open_journal
from appliance.storage.reading import BOX_DATABASE_KEY, JournalInfo, list_journals
from provisioning.demo.staff_driver import StaffDriver

CHIEF_PIN = "24681357"
CHIEF = "chief"
SITTING = "sitting-1"
FAR_FUTURE_MS = 4_000_000_000_000
READY_SECONDS = 20
END_SECONDS = 20
SMALL_RESERVE_BYTES = 2**20


def _own_ports() -> Iterator[int]:
    """Return this worker's share of the ports, over and over, in an order of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = range(20_000 + worker, 32_000, workers)
    return itertools.cycle(random.Random(os.getpid()).sample(share, len(share)))


_ports = _own_ports()


def free_port() -> int:
    """Return a port that is free and will not be the near end of somebody's connection.

    Those have numbers above 32,767, and each of pytest's workers has ports of its own, so a port
    found long before it is used is still free then.
    """
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@dataclass(slots=True)
class BoxProcess:
    """One box with one sitting, ready to be started, killed and started again."""

    folder: Path
    exam: Exam
    candidates: int
    duration_seconds: int = 3600
    conduct_basis: str = ""
    extra: dict[int, str] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    candidate_port: int = field(default_factory=free_port)
    staff_port: int = field(default_factory=free_port)
    codes: list[str] = field(default_factory=list)
    release_code: str = ""
    centre: CentreIdentity = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, int | str] = field(default_factory=dict)
    recovery: RecoveryKey = field(default_factory=create_recovery_key)
    standby_count: int = 0
    standby_of: str = ""
    has_papers: bool = False
    standbys: list[BoxProcess] = field(default_factory=list)
    host: str = "localhost"
    prefix: tuple[str, ...] = ()
    given_centre: CentreIdentity | None = None

    def __post_init__(self) -> None:
        """Make the papers of this box and of its standbys, unless they were made already."""
        if self.has_papers:
            return
        self.centre = self.given_centre or create_centre_identity(
            "Centre", recovery=self.recovery.public
        )
        self.release_code = create_release_code()
        self.codes = [create_candidate_code() for _ in range(self.candidates)]
        folders = [self.folder, *map(self._standby_folder, range(self.standby_count))]
        boxes = [_identity(folder) for folder in folders]
        package, roster = self._package(boxes), self._roster(boxes)
        for folder, box in zip(folders, boxes, strict=True):
            self._send(folder, box, package, roster)

    def _standby_folder(self, number: int) -> Path:
        return self.folder.with_name(f"{self.folder.name}-standby-{number}")

    def standby(self, number: int = 0) -> BoxProcess:
        """Return a standby of this box, not yet started."""
        box = replace(
            self,
            folder=self._standby_folder(number),
            candidate_port=free_port(),
            staff_port=free_port(),
            process=None,
            standby_of=self.origin,
            has_papers=True,
            standbys=[],
        )
        box.centre = self.centre
        self.standbys.append(box)
        return box

    def _package(self, boxes: list[BoxIdentity]) -> bytes:
        return build_package(
            PackageContents(encode_exam(self.exam), self.media, {}),
            PackageTerms(
                package_id="package-1",
                version=1,
                title=self.exam.title,
                languages=("en",),
                duration_seconds=self.duration_seconds,
                not_before_ms=0,
                not_after_ms=FAR_FUTURE_MS,
            ),
            boxes=[one.public for one in boxes],
            centre=self.centre,
            release_code=self.release_code,
        )

    def _send(
        self, folder: Path, box: BoxIdentity, package: bytes, roster: dict[str, object]
    ) -> None:
        pin_centre(folder / "keys", self.centre.public)
        incoming = folder / "mailbox" / "incoming"
        incoming.mkdir(parents=True)
        (incoming / "p.exam_package").write_bytes(package)
        for kind, body in (("roster", roster), ("staff", _staff())):
            document = Document(kind, f"{kind}-1", 0, body)  # type: ignore[arg-type]
            sealed = seal_document(document, box=box.public, centre=self.centre)
            (incoming / f"{kind}.{kind}").write_bytes(sealed)

    def _roster(self, boxes: list[BoxIdentity]) -> dict[str, object]:
        code_key = create_code_key()
        lines = [
            {
                "candidate_id": f"candidate-{number}",
                "number": str(1000 + number),
                "given_name": "Candidate",
                "family_name": f"Number{number}",
                "code_hash": hash_candidate_code(code_key, code),
                "seat": str(number + 1),
                "anonymous_code": f"ANON{number:04}",
                "accommodations": [
                    {
                        "name": "additional-testing-time",
                        "value": self.extra[number],
                        "approved_by": "",
                        "approved_at": "",
                    }
                ]
                if number in self.extra
                else [],
            }
            for number, code in enumerate(self.codes)
        ]
        sitting = {
            "sitting_id": SITTING,
            "title": self.exam.title,
            "package_id": "package-1",
            "planned_start_at": None,
            "duration_seconds": self.duration_seconds,
            "room": "Test room",
            "candidates": lines,
        }
        if self.conduct_basis:
            # Without it the roster is as a centre sent it that knew of no conduct.
            sitting["conduct_basis"] = self.conduct_basis
        return {
            "roster_id": "roster-1",
            "code_key": code_key.hex(),
            "boxes": [one.public.model_dump(mode="json") for one in boxes],
            "sittings": [sitting],
        }

    @property
    def origin(self) -> str:
        """Return the candidates' address."""
        return f"http://{self.host}:{self.candidate_port}"

    @property
    def staff_origin(self) -> str:
        """Return the staff's address."""
        return f"http://{self.host}:{self.staff_port}"

    def start(self, *prefix: str) -> None:
        """Start the command and wait until both applications answer."""
        command = [
            *self.prefix,
            *prefix,
            str(Path(sys.executable).parent / "examroom"),
            *("serve", "--data", str(self.folder), "--room", "Test room", "--no-announce"),
            *("--config", str(self._settings())),
            *("--candidate-port", str(self.candidate_port)),
            *("--staff-port", str(self.staff_port)),
            *(("--standby-of", self.standby_of) if self.standby_of else ()),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONFAULTHANDLER": "1"} | self.environment,
            )
        self._wait_until_it_answers(self.process)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        for port, path in ((self.candidate_port, "/health"), (self.staff_port, "/sign-in")):
            while True:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text())
                # First a bare connection: to ask by HTTP fifty times a second would take the
                # processor from the start that is waited for.
                with contextlib.suppress(OSError):
                    socket.create_connection((self.host, port), 2).close()
                    requests.get(f"http://{self.host}:{port}{path}", timeout=2)
                    break
                time.sleep(0.02)

    def _settings(self) -> Path:
        """Write the settings file: a small reserve, because tests make many boxes."""
        path = self.folder / "settings.toml"
        values = {"reserve_max_bytes": SMALL_RESERVE_BYTES} | self.settings
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
        if self.host != "localhost":
            lines.append(f'host = "{self.host}"\n')
        path.write_text("".join(lines), encoding="utf-8")
        return path

    def kill(self) -> None:
        """End it as a power cut of the process would: at once, nothing finished."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """End it as systemd does; return its status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            # Python then writes into the log where each of its threads is.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise RuntimeError((self.folder / "log").read_text()) from None
        self.process = None
        return status

    def freeze(self) -> None:
        """Make it answer nobody, without closing anything."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def staff(self) -> StaffDriver:
        """Return the chief invigilator, signed in."""
        driver = StaffDriver(self.staff_origin)
        driver.sign_in(CHIEF, CHIEF_PIN)
        return driver

    def open_and_release(self) -> StaffDriver:
        """Open the room and enter the release code."""
        driver = self.staff()
        driver.open_room()
        driver.release(SITTING, self.release_code)
        return driver

    def journal(self) -> Journal:
        """Open the journal of the stopped box, to look into it."""
        info = self.journal_info()
        return open_journal(info.path, info.key, info.journal_id)

    def journal_info(self) -> JournalInfo:
        """Return where the newest journal lies and its key."""
        key = load_or_create_key(BOX_DATABASE_KEY, self.folder / "keys")
        return list_journals(self.folder, key)[-1]


def _identity(folder: Path) -> BoxIdentity:
    keys = folder / "keys"
    keys.mkdir(parents=True, mode=0o700)
    return load_or_create_box_identity(keys, f"Box {folder.name}"[:60])


@cache
def _chief_secret_hash() -> str:
    """Return one hash for the boxes of all tests: to make it takes as long as it is meant to."""
    return hash_staff_secret(CHIEF_PIN)


def _staff() -> dict[str, object]:
    secret_hash = _chief_secret_hash()
    people = ((CHIEF, "Chief", "chief_invigilator"), ("tech", "Technician", "technician"))
    return {
        "staff": [
            {
                "staff_id": staff_id,
                "name": name,
                "role": role,
                "secret_hash": secret_hash,
                "valid_from_ms": 0,
                "valid_until_ms": FAR_FUTURE_MS,
            }
            for staff_id, name, role in people
        ]
    }
