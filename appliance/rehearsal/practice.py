"""A practice room in a folder of its own: papers, boxes, and the exam server as a process.

Nothing of it touches the journals, keys or mailbox of the box it runs on.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from appliance.composition import make_box
from appliance.domain import commands as c
from appliance.domain.errors import TransientError
from appliance.domain.exams import Exam, ExtendedText, Item, Section, TestPart
from appliance.formats.candidate_code import (
    create_candidate_code,
    create_code_key,
    hash_candidate_code,
)
from appliance.formats.exam_model import encode_exam
from appliance.formats.exam_package import PackageContents, PackageTerms, build_package
from appliance.formats.keys import (
    CentreIdentity,
    RecoveryKey,
    create_centre_identity,
    create_recovery_key,
    load_or_create_box_identity,
    pin_centre,
)
from appliance.formats.release_code import create_release_code
from appliance.formats.sealed_document import Document, seal_document
from appliance.platform.clock import SystemClock
from appliance.platform.files import make_folder
from appliance.services.open_room import open_room
from appliance.services.release_exam import release_with_code
from appliance.settings import Settings

SITTING = "practice"
PACKAGE = "practice"
STAFF = "rehearsal"
FAR_FUTURE_MS = 4_000_000_000_000
MEDIA_BYTES = 256 * 1024
READY_MS_MAX = 20_000
END_SECONDS = 20
RESERVE_BYTES = 2**20
"""A practice room keeps the least: the real one's reserve stays where it is."""


class PracticeServerError(TransientError):
    """The exam server of a rehearsal did not start."""

    key = "practice_server"
    staff_message = (
        "The exam server of the rehearsal did not start. Run the command on a terminal of the box: "
        "it says there why. Nothing of the box was changed."
    )


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice sitting: what it is opened with, and its candidates' codes."""

    centre: CentreIdentity
    recovery: RecoveryKey
    release_code: str
    codes: tuple[str, ...]


def make_practice(folders: Sequence[Path], candidates: int) -> Practice:
    """Make the papers of one practice sitting that all boxes of these data folders share."""
    recovery = create_recovery_key()
    practice = Practice(
        centre=create_centre_identity("Rehearsal", recovery=recovery.public),
        recovery=recovery,
        release_code=create_release_code(),
        codes=tuple(create_candidate_code() for _ in range(candidates)),
    )
    boxes = []
    for folder in folders:
        make_folder(folder / "keys", mode=0o700)
        boxes.append(load_or_create_box_identity(folder / "keys", folder.name))
    package = build_package(
        PackageContents(
            encode_exam(_exam()), {"media/map.png": secrets.token_bytes(MEDIA_BYTES)}, {}
        ),
        PackageTerms(
            package_id=PACKAGE,
            version=1,
            title="Rehearsal",
            languages=("en",),
            duration_seconds=3600,
            not_before_ms=0,
            not_after_ms=FAR_FUTURE_MS,
        ),
        boxes=[one.public for one in boxes],
        centre=practice.centre,
        release_code=practice.release_code,
    )
    roster = _roster(practice.codes, [one.public.model_dump(mode="json") for one in boxes])
    for folder, box in zip(folders, boxes, strict=True):
        pin_centre(folder / "keys", practice.centre.public)
        incoming = folder / "mailbox" / "incoming"
        make_folder(incoming)
        (incoming / "p.exam_package").write_bytes(package)
        document = Document("roster", "roster-1", 0, roster)
        sealed = seal_document(document, box=box.public, centre=practice.centre)
        (incoming / "r.roster").write_bytes(sealed)
    return practice


def _exam() -> Exam:
    items = tuple(
        Item(
            item_id=name,
            title=name,
            label=str(at + 1),
            language="en",
            body_html='<div data-interaction="RESPONSE"></div>',
            interactions=(ExtendedText(response_id="RESPONSE", prompt_html="Write."),),
            max_score="1",
        )
        for at, name in enumerate(("ESSAY", "LETTER"))
    )
    part = TestPart(
        part_id="P", title="", sections=(Section(section_id="S", title="", items=items),)
    )
    return Exam(
        exam_id="rehearsal",
        title="Rehearsal",
        languages=("en",),
        parts=(part,),
        duration_seconds=3600,
    )


def _roster(codes: Sequence[str], boxes: list[dict[str, object]]) -> dict[str, object]:
    code_key = create_code_key()
    lines = [
        {
            "candidate_id": f"practice-{number}",
            "number": str(number + 1),
            "given_name": "Practice",
            "family_name": str(number + 1),
            "code_hash": hash_candidate_code(code_key, code),
            "seat": str(number + 1),
            "anonymous_code": f"PRACTICE{number:04}",
            "accommodations": [],
        }
        for number, code in enumerate(codes)
    ]
    sitting = {
        "sitting_id": SITTING,
        "title": "Rehearsal",
        "package_id": PACKAGE,
        "planned_start_at": None,
        "duration_seconds": 3600,
        "room": "Rehearsal",
        "candidates": lines,
    }
    return {
        "roster_id": "roster-1",
        "code_key": code_key.hex(),
        "boxes": boxes,
        "sittings": [sitting],
    }


def practice_settings(settings: Settings, folder: Path, *, standby_of: str = "") -> Settings:
    """Return this box's settings for a practice room: other places, the same limits."""
    return settings.model_copy(
        update={
            "data_dir": folder,
            "room": "Rehearsal",
            "host": "127.0.0.1",
            "candidate_port": _free_port(),
            "staff_port": _free_port(),
            "public_origin": "",
            "proxy_address": "",
            "standby_of": standby_of,
            "announce": False,
            "reserve_max_bytes": RESERVE_BYTES,
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_practice_room(settings: Settings, practice: Practice) -> None:
    """Open the room, release the exam, check everybody in and start; the server goes on with it."""
    box = make_box(settings)
    try:
        room = open_room(box, actor=STAFF, sitting_ids=[SITTING], practice=True)
        release_with_code(box, actor=STAFF, sitting_id=SITTING, code=practice.release_code)
        expected = room.writer.look(
            lambda state, _now: [
                (one.attempt_id, one.seat or "") for one in state.attempts.values()
            ]
        )
        for attempt_id, seat in expected:
            room.writer.write(c.CheckIn(STAFF, attempt_id, seat))
        room.writer.write(c.StartSitting(STAFF, SITTING))
    finally:
        if box.room is not None:
            box.room.writer.stop()
            box.room.attachments.close()
        box.store.close()


@contextmanager
def serving(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run `examroom serve` with these settings; raises PracticeServerError."""
    config = settings.data_dir / "settings.toml"
    values = settings.model_dump(mode="json")
    config.write_text(
        "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()),
        encoding="utf-8",
    )
    with (settings.data_dir / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli", "serve", "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ,
        )
    try:
        _wait_until_ready(settings, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    clock = SystemClock()
    until_ms = clock.monotonic_ms() + READY_MS_MAX
    while clock.monotonic_ms() < until_ms and process.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{settings.candidate_port}/health", timeout=1)
        except requests.RequestException:
            continue
        return
    raise PracticeServerError
