"""A disk that runs full: files wait first, responses are saved to the last, nothing restarts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from appliance.services.disk_guard import DiskGuard, DiskStage, whole_reserve_bytes
from appliance.storage.journals import verify_journal
from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.fixed_clock import FixedClock
from tests.rig.small_disk import SmallDisk
from tests.rig.small_exam import small_exam

MEBIBYTE = 2**20
DISK_BYTES = 64 * MEBIBYTE
RESERVE_BYTES = 8 * MEBIBYTE
WAIT_SECONDS = 15


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 64 MiB."""
    made = SmallDisk(tmp_path / "disk", DISK_BYTES)
    made.mount()
    yield made
    made.pull()


@pytest.fixture
def box(disk: SmallDisk) -> Iterator[BoxProcess]:
    """A running box on the small disk, its room open and the exam released."""
    made = BoxProcess(
        disk.folder / "box",
        small_exam(),
        candidates=2,
        settings={"reserve_max_bytes": RESERVE_BYTES},
    )
    made.start()
    made.open_and_release()
    yield made
    made.kill()


def _wait(what: str, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def _upload(client: CandidateClient, data: bytes) -> int:
    sha256 = hashlib.sha256(data).hexdigest()
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/uploads/{sha256}"
    return client.session.put(address, data=data, timeout=10).status_code


def _save(client: CandidateClient, text: str) -> bool:
    """Write, and try to have it acknowledged once, as the page does."""
    client.write("ESSAY", text)
    try:
        return client.exchange()["acknowledged"] == client.last_no
    except requests.HTTPError:
        return False


def test_responses_are_saved_from_the_reserve_when_the_disk_is_full(
    box: BoxProcess, disk: SmallDisk
) -> None:
    """Something else takes all the space: files are refused, saves go on, freeing it is enough."""
    client = writing_clients(box)[0]
    reserve = box.folder / "reserve"
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES
    assert _upload(client, b"before") == 200

    ballast = disk.fill_up()
    _wait("saved from the reserve", lambda: _save(client, "while it is full"))
    for number in range(30):
        _wait("saved while full", lambda number=number: _save(client, f"text {number}"))
    assert 0 < reserve.stat().st_size < RESERVE_BYTES
    assert _upload(client, b"meanwhile") == 503
    staff = box.staff()
    assert "Responses are saved from a reserve." in staff._get("/room")
    assert "Responses are saved from a reserve." in staff._get("/box")

    ballast.unlink()
    _wait("the reserve is whole again", lambda: reserve.stat().st_size == RESERVE_BYTES)
    assert _upload(client, b"meanwhile") == 200
    assert "box well" in staff._get("/room") or "little space" in staff._get("/room")
    _nothing_is_lost(box, client)


def test_responses_come_last_and_nothing_acknowledged_is_lost(
    box: BoxProcess, disk: SmallDisk
) -> None:
    """When even the reserve is gone saves are refused, kept by the page, and go on afterwards."""
    client = writing_clients(box)[0]
    reserve = box.folder / "reserve"
    takers = []

    def take() -> bool:
        takers.append(disk.fill_up().rename(disk.folder / f"taken-{len(takers)}"))
        return not _save(client, "word " * 2000) and reserve.stat().st_size == 0

    _wait("all of it is taken", take)
    assert client.unsent
    for path in takers:
        path.unlink()

    _wait("saves go on", lambda: _save(client, "and on it goes") and not client.unsent)
    _wait("the reserve is whole again", lambda: reserve.stat().st_size == RESERVE_BYTES)
    _nothing_is_lost(box, client)


def _nothing_is_lost(box: BoxProcess, client: CandidateClient) -> None:
    box.kill()
    journal = box.journal()
    assert journal.head_seq == verify_journal(journal)
    rows = journal.database.conn.execute(
        "SELECT json_extract(body, '$.c') FROM entries WHERE kind = 'response_saved' AND subject=?",
        (client.attempt_id,),
    ).fetchall()
    journal.database.close()
    assert sorted(client.acknowledged) == [row[0] for row in rows]


@pytest.fixture
def guard(disk: SmallDisk) -> DiskGuard:
    """A guard on the small disk, looked at by hand."""
    made = DiskGuard(disk.folder, reserve_max_bytes=RESERVE_BYTES, clock=FixedClock())
    made.look()
    return made


def test_things_are_given_up_in_their_order(guard: DiskGuard, disk: SmallDisk) -> None:
    """Files first, then documents, then the reserve; and back in the opposite order."""
    assert whole_reserve_bytes(DISK_BYTES, RESERVE_BYTES) == RESERVE_BYTES
    filler, taken = disk.folder / "filler", 0
    seen = [guard.view().stage]
    while seen[-1] is not DiskStage.RESERVE_IN_USE:
        taken += MEBIBYTE // 2
        _grow(filler, taken)
        guard.look()
        seen += [guard.view().stage] if guard.view().stage is not seen[-1] else []
        assert guard.has_room_for_file(0) == (seen[-1] is DiskStage.AMPLE)
        assert guard.has_room_for_documents() == (seen[-1] in {DiskStage.AMPLE, DiskStage.NO_FILES})
    assert seen == list(DiskStage)

    filler.unlink()
    guard.look()
    assert guard.view().stage is DiskStage.AMPLE


def _grow(path: Path, size_bytes: int) -> None:
    """Let a file take so much of the disk."""
    with path.open("ab") as file:
        file.write(bytes(size_bytes - file.tell()))


def test_reserve_that_was_set_smaller_shrinks(guard: DiskGuard, disk: SmallDisk) -> None:
    """The setting counts at the next start."""
    del guard
    DiskGuard(disk.folder, reserve_max_bytes=RESERVE_BYTES // 2, clock=FixedClock()).look()
    assert (disk.folder / "reserve").stat().st_size == RESERVE_BYTES // 2


def test_staff_are_warned_hours_before(disk: SmallDisk) -> None:
    """What the last hour took says how long the rest is enough."""
    clock = FixedClock()
    guard = DiskGuard(disk.folder, reserve_max_bytes=MEBIBYTE, clock=clock)
    tones = []
    for minutes in range(0, 60 * 10, 10):
        clock.now_ms = minutes * 60_000
        _grow(disk.folder / "growing", minutes * MEBIBYTE // 10)
        guard.look()
        tones.append((guard.view().hours_left, guard.view().tone))

    assert tones[0] == (None, "safe")
    assert tones[1] == (10, "safe")
    assert (8, "safe") in tones
    assert (7, "wait") in tones
    assert (2, "wait") in tones
    assert (1, "trouble") in tones
