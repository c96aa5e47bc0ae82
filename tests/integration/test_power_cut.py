"""Promise 1 once more: the plug is pulled, and the disk keeps only what it was told to keep.

tests/rig/volatile_disk.c writes down what the box does to its folder; a cut is a point of that
record, and what a disk may then hold is made from it.  EXAMROOM_CUTS sets how many cuts there are;
`make powercut-shim CUTS=1000` is the long way.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import requests

from appliance.composition import make_box as open_box
from appliance.domain.revisions import ResponseValue
from appliance.domain.states import SittingState
from appliance.platform.credentials import load_or_create_key
from appliance.settings import Settings
from appliance.storage.journals import open_journal, rebuild_projections, verify_journal
from appliance.storage.projections import load_state
from appliance.storage.reading import BOX_DATABASE_KEY, AttachmentReader, list_journals
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.at_once import at_once
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CALL_SECONDS, CandidateClient
from tests.rig.volatile_disk import (
    Step,
    VolatileDisk,
    build_recorder,
    note_acknowledged,
    read_record,
    recording,
)

CUTS = int(os.environ.get("EXAMROOM_CUTS", "80"))
RESTARTS = max(4, CUTS // 50)
"""Cuts after which the box itself is started again and goes on."""
CANDIDATES = 12
SEED = 20261123
LOAD_SECONDS = 4.0
FOLD_OFTEN = "PRAGMA wal_autocheckpoint = 100"
"""The product folds its log back every 16 MiB: too seldom for a test of seconds."""
NOT_SYNCED = FOLD_OFTEN + "; PRAGMA synchronous = NORMAL"
WRITTEN_BY_THE_TEST = {"log", "settings.toml"}
PROGRAM = (sys.executable, "-m", "tests.rig.altered_box")

Sent = dict[tuple[str, int], ResponseValue]


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library that writes down what a process does to its disk."""
    library = build_recorder(tmp_path_factory.mktemp("recorder"))
    if library is None:
        pytest.skip("no C compiler here, so no power cut can be played")
    return library


@dataclass(slots=True)
class Told:
    """What candidates were told is saved, and all that they sent."""

    changes: set[tuple[str, int]] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    released: bool = False
    sent: Sent = field(default_factory=dict)

    def add(self, promise: dict[str, object]) -> None:
        """Take in one promise of the record."""
        if "change" in promise:
            self.changes.add((str(promise["attempt"]), int(str(promise["change"]))))
        elif "upload" in promise:
            self.uploads.add(str(promise["upload"]))
        else:
            self.released = True


def _write(
    client: CandidateClient, told: Told, chance: random.Random, tell: Callable[..., None]
) -> None:
    item = chance.choice(("ESSAY", "LETTER", "WORD"))
    client.write(item, f"{client.client_id} {client.last_no} " + "word " * chance.randrange(300))
    told.sent[client.attempt_id, client.last_no] = client.unsent[-1]["value"]
    known = set(client.acknowledged)
    client.exchange()
    for number in client.acknowledged.keys() - known:
        tell(attempt=client.attempt_id, change=number)
    if chance.random() < 0.05:
        data = chance.randbytes(chance.randrange(200_000))
        name = hashlib.sha256(data).hexdigest()
        address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/uploads/{name}"
        client.session.put(address, data=data, timeout=CALL_SECONDS).raise_for_status()
        tell(upload=name)


def _under_load(
    clients: list[CandidateClient], told: Told, tell: Callable[..., None]
) -> AbstractContextManager[None]:
    def go_on(client: CandidateClient, chance: random.Random, stop: threading.Event) -> None:
        while not stop.wait(chance.random() * 0.02):
            try:
                _write(client, told, chance, tell)
            except requests.RequestException:
                stop.wait(0.05)

    return at_once(
        partial(go_on, client, random.Random(SEED + number))
        for number, client in enumerate(clients)
    )


def _recorded_exam(box: BoxProcess, library: Path, pragmas: str) -> tuple[VolatileDisk, Path, Sent]:
    """Run an exam from the first start on; return the disk before it, the record, what was sent."""
    disk, record, told = VolatileDisk(box.folder), box.folder.with_suffix(".record"), Told()
    box.environment |= recording(library, box.folder, record) | {"EXAMROOM_TEST_PRAGMAS": pragmas}

    def tell(**promise: object) -> None:
        note_acknowledged(record, promise)

    box.start(*PROGRAM)
    box.open_and_release()
    tell(released=SITTING)
    with _under_load(writing_clients(box), told, tell):
        time.sleep(LOAD_SECONDS)
    assert box.terminate() == 0
    return disk, record, told.sent


def _lost(folder: Path, told: Told) -> int:
    """Start the box on what a cut left behind; return how much of what was told is not there.

    Also checks that the pages are intact, the chain whole and the tables what the entries say.
    """
    box = open_box(Settings(data_dir=folder))
    if box.room is not None:
        box.room.writer.stop()
        box.room.attachments.close()
    box.store.close()
    journals = list_journals(folder, load_or_create_key(BOX_DATABASE_KEY, folder / "keys"))
    if not journals:
        return len(told.changes) + len(told.uploads) + told.released
    info = journals[-1]
    journal = open_journal(info.path, info.key, info.journal_id)
    assert journal.head_seq == verify_journal(journal)
    state = load_state(journal.database, journal.journal_id)
    for (attempt_id, _, _), response in state.responses.items():
        assert told.sent[attempt_id, response.change_no] == response.value
    saved = set(
        journal.database.conn.execute(
            "SELECT subject, json_extract(body, '$.c') FROM entries WHERE kind = 'response_saved'"
        ).fetchall()
    )
    live = dict(state.responses)
    assert live == dict(rebuild_projections(journal).responses)
    journal.database.close()
    with AttachmentReader(info.path, info.key) as reader:
        files = {name for name, _size in reader.list_files()}
        for name in files:
            assert name == hashlib.sha256(reader.get(name) or b"").hexdigest()
    released = SITTING in state.sittings and state.sittings[SITTING].state in {
        SittingState.RELEASED,
        SittingState.RUNNING,
    }
    missing_release = told.released and not released
    return len(told.changes - saved) + len(told.uploads - files) + missing_release


def _moments(steps: list[Step], chance: random.Random) -> set[int]:
    """Choose CUTS steps: a quarter while files are made, one while logs are folded back."""
    begin = next(at for at, step in enumerate(steps) if step.kind == "a")
    databases = {step.inode for step in steps if step.kind == "c" and step.names[0].endswith(".db")}
    folding = [at for at, step in enumerate(steps) if step.kind == "w" and step.inode in databases]
    quarter = CUTS // 4
    moments = set(chance.sample(range(begin), min(quarter, begin)))
    moments |= set(chance.sample(folding, min(quarter, len(folding))))
    return moments | set(chance.sample(range(begin, len(steps)), CUTS - 2 * quarter))


def _losses(
    disk: VolatileDisk, record: Path, sent: Sent, target: Path, chance: random.Random
) -> Iterator[tuple[int, int]]:
    """Cut at CUTS moments of the record; yield the step of each, and how much was lost there."""
    steps = list(read_record(record))
    cuts = _moments(steps, chance)
    told = Told(sent=sent)
    for at, step in enumerate(steps):
        if step.kind == "a":
            told.add(step.promise)
        else:
            disk.follow(step)
        if at in cuts:
            disk.cut(target, chance if chance.random() < 0.7 else None)
            yield at, _lost(target, told)


@pytest.mark.slow
def test_nothing_told_is_lost_wherever_the_power_is_cut(
    make_box: MakeBox, recorder: Path, tmp_path: Path
) -> None:
    """From the first start on: the box starts, and has all that anybody was told is safe."""
    box = make_box(CANDIDATES)
    disk, record, sent = _recorded_exam(box, recorder, FOLD_OFTEN)
    chance = random.Random(SEED)
    losses = list(_losses(disk, record, sent, tmp_path / "after", chance))
    assert len(losses) >= CUTS // 2
    assert [] == [(at, lost) for at, lost in losses if lost]
    on_disk = {
        str(path.relative_to(box.folder)): path.read_bytes()
        for path in box.folder.rglob("*")
        if path.is_file() and path.name not in WRITTEN_BY_THE_TEST
    }
    assert on_disk == disk.as_the_process_sees_it(), "the record leaves something out"


@pytest.mark.slow
def test_power_cuts_show_when_commits_are_not_synced(
    make_box: MakeBox, recorder: Path, tmp_path: Path
) -> None:
    """The same with synchronous=NORMAL loses what was told: so the test above can fail."""
    box = make_box(CANDIDATES)
    disk, record, sent = _recorded_exam(box, recorder, NOT_SYNCED)
    losses = _losses(disk, record, sent, tmp_path / "after", random.Random(SEED))
    assert any(lost for _at, lost in losses)


@pytest.mark.slow
def test_exam_goes_on_after_power_cut_upon_power_cut(
    make_box: MakeBox, recorder: Path, tmp_path: Path
) -> None:
    """Each time the server is killed, goes on from what its disk kept, and has lost nothing."""
    box = make_box(CANDIDATES)
    chance, told = random.Random(SEED), Told()
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    box.terminate()

    def tell(**promise: object) -> None:
        told.add(promise)

    with _under_load(clients, told, tell):
        for number in range(RESTARTS):
            disk, record = VolatileDisk(box.folder), tmp_path / f"{number}.record"
            box.environment = recording(recorder, box.folder, record)
            box.environment["EXAMROOM_TEST_PRAGMAS"] = FOLD_OFTEN
            box.start(*PROGRAM)
            time.sleep(chance.uniform(0.3, 1.5))
            promised = Told(set(told.changes), set(told.uploads), sent=told.sent)
            box.kill()
            for step in read_record(record):
                disk.follow(step)
            seed = chance.random()
            disk.cut(tmp_path / "looked at", random.Random(seed))
            assert _lost(tmp_path / "looked at", promised) == 0
            disk.cut(box.folder, random.Random(seed))
            record.unlink()
    assert len(told.changes) > RESTARTS
