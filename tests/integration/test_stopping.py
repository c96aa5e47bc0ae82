"""Stopping and starting: saves in flight, databases that cannot be used, clocks that are wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from appliance.domain.journal import ChainBrokenError
from appliance.storage.driver_errors import DatabaseCorruptError, DatabaseKeyError
from appliance.storage.journals import open_journal, verify_journal
from appliance.storage.projections import load_state
from tests.integration.conftest import MakeBox, writing_clients
from tests.rig.box_process import BoxProcess

LIBFAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def test_saves_in_flight_are_finished_when_the_server_is_told_to_stop(
    make_box: MakeBox,
) -> None:
    """SIGTERM under load: exit status 0, and whoever was told "saved" was told the truth."""
    box = make_box(10)
    box.start()
    box.open_and_release()
    clients = writing_clients(box)
    stop = threading.Event()

    def write(at: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            clients[at].write("ESSAY", f"text {number}")
            try:
                clients[at].exchange()
            except requests.RequestException:
                return

    threads = [threading.Thread(target=write, args=(at,)) for at in range(len(clients))]
    for thread in threads:
        thread.start()
    stop.wait(1)
    status = box.terminate()
    stop.set()
    for thread in threads:
        thread.join()

    assert 0 == status
    journal = box.journal()
    assert journal.head_seq == verify_journal(journal)
    state = load_state(journal.database, journal.journal_id)
    for client in clients:
        acknowledged = max(client.acknowledged)
        saved = state.clients[client.attempt_id, client.client_id].acknowledged_change_no
        assert saved >= acknowledged


def _refuses_to_start(box: BoxProcess) -> str:
    command = [
        str(Path(sys.executable).parent / "examroom"),
        *("serve", "--data", str(box.folder), "--no-announce"),
        *("--candidate-port", str(box.candidate_port), "--staff-port", str(box.staff_port)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert 1 == done.returncode
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture
def used_box(running_box: BoxProcess) -> BoxProcess:
    """Return a stopped box with some saves in its journal."""
    client = writing_clients(running_box)[0]
    for number in range(200):
        client.write("ESSAY", f"revision {number} " + "word " * 100)
    client.exchange()
    running_box.terminate()
    return running_box


def test_wrong_key_stops_the_start_with_a_sentence(used_box: BoxProcess) -> None:
    """A box database under another key is left alone, and the sentence says what to do."""
    key = used_box.folder / "keys" / "box-database.key"
    before = (used_box.folder / "box.db").read_bytes()
    original = key.read_text()
    key.chmod(0o600)
    key.write_text("00" * 32)

    assert "cannot be opened with this box's key" in _refuses_to_start(used_box)

    assert before == (used_box.folder / "box.db").read_bytes()
    key.write_text(original)
    used_box.start()


def test_damaged_page_stops_the_start_and_nothing_is_deleted(used_box: BoxProcess) -> None:
    """A journal with a damaged page is reported, and stays as it is."""
    info = used_box.journal_info()
    data = bytearray(info.path.read_bytes())
    for at in range(0, len(data), 4096):
        data[at + 2000] ^= 0xFF
    info.path.write_bytes(bytes(data))

    sentence = _refuses_to_start(used_box)

    assert "damaged" in sentence or "cannot be opened" in sentence
    assert bytes(data) == info.path.read_bytes()


def test_damage_in_the_middle_is_found_when_the_chain_is_verified(used_box: BoxProcess) -> None:
    """One damaged page far from the start does not pass verification."""
    info = used_box.journal_info()
    data = bytearray(info.path.read_bytes())
    at = (len(data) // 4096 // 2) * 4096 + 1000
    data[at] ^= 0xFF
    info.path.write_bytes(bytes(data))

    with pytest.raises((DatabaseCorruptError, DatabaseKeyError, ChainBrokenError)):
        verify_journal(open_journal(info.path, info.key, info.journal_id))


def test_missing_migration_stops_the_start_with_a_sentence(used_box: BoxProcess) -> None:
    """A journal without one of our migrations was written by another version: not touched."""
    journal = used_box.journal()
    journal.database.conn.execute("DELETE FROM _sqlite_migrations")
    journal.database.close()

    assert "another version" in _refuses_to_start(used_box)


def test_altered_entry_breaks_the_chain(used_box: BoxProcess) -> None:
    """Somebody with the key who changes the record is found out; triggers refuse first."""
    journal = used_box.journal()
    connection = journal.database.conn
    with pytest.raises(Exception, match="entries are never changed"):
        connection.execute("UPDATE entries SET actor = 'nobody' WHERE seq = 5")
    connection.execute("DROP TRIGGER entries_no_update")
    connection.execute("UPDATE entries SET actor = 'nobody' WHERE seq = 5")

    with pytest.raises(ChainBrokenError) as broken:
        verify_journal(journal)
    assert 5 == broken.value.fields["seq"]


def test_port_in_use_stops_the_start_with_a_sentence(running_box: BoxProcess) -> None:
    """A second box on the same port says so."""
    other = running_box.folder.with_name("other")
    shutil.copytree(running_box.folder / "keys", other / "keys")
    command = [
        str(Path(sys.executable).parent / "examroom"),
        *("serve", "--data", str(other), "--no-announce"),
        *("--candidate-port", str(running_box.candidate_port)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert 1 == done.returncode
    assert f"Port {running_box.candidate_port} is in use" in done.stderr


def test_wrong_wall_clock_eats_no_time(make_box: MakeBox, tmp_path: Path) -> None:
    """A clock years off at the start, a step of an hour while writing, another across a restart."""
    if not LIBFAKETIME:
        pytest.skip("libfaketime is not installed")
    clock = tmp_path / "clock"
    clock.write_text("-72000h")
    box = make_box(1)
    box.environment = {
        "LD_PRELOAD": str(LIBFAKETIME[0]),
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
    }
    box.start()
    box.open_and_release()
    (client,) = writing_clients(box)
    client.write("ESSAY", "in the past")
    first = client.exchange()
    clock.write_text("-71999h")
    client.write("ESSAY", "an hour later, says the clock")
    stepped = client.exchange()
    box.kill()
    clock.write_text("+0")
    box.start()
    client.write("ESSAY", "today")
    after = client.exchange()

    hour_ms = 3_600_000
    assert abs(stepped["now_ms"] - first["now_ms"] - hour_ms) < 60_000, "the clock did not step"
    assert 0 <= first["remaining_ms"] - stepped["remaining_ms"] < 30_000
    # What was written since the last tick is given back, at most the five seconds of one.
    assert -6_000 <= stepped["remaining_ms"] - after["remaining_ms"] < 30_000
    assert [] == client.unsent
    box.terminate()
    journal = box.journal()
    assert journal.head_seq == verify_journal(journal)
