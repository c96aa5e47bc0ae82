"""The line to the centre: 256 kbit/s, and cut again and again; everything arrives, once."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy import select

from appliance.formats.keys import load_or_create_box_identity
from appliance.platform.clock import SystemClock
from appliance.storage.journals import entries_after
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre, create_centre, open_centre
from sync.central.database import read
from sync.central.tables import entries
from tests.integration.test_standby import wait_until
from tests.network.conftest import MakeRoom
from tests.rig.cables import Cables

PORT = 8500


@contextmanager
def running(log: Path, *command: str) -> Iterator[None]:
    """Run a command until the block ends."""
    with log.open("ab") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def program(name: str) -> str:
    """Return the path of one of the product's commands."""
    return str(Path(sys.executable).parent / name)


def test_everything_arrives_once_over_a_slow_line_that_breaks(
    make_room: MakeRoom, cables: Cables, tmp_path: Path
) -> None:
    """Bundles are cut in the middle and their replies are lost; saves go on meanwhile."""
    create_centre(tmp_path / "centre", "Test centre")
    centre = open_centre(tmp_path / "centre", None, SystemClock())
    room = make_room(1, given_centre=centre.identity)
    _enrol(centre, room.box.folder)
    (ada,) = room.open()
    chance = random.Random(4)
    for _ in range(6):
        ada.write("ESSAY", "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=20_000)))
        ada.exchange()
    cables.throttle("centre", "256kbit")
    relay = room.relay("centre", PORT)
    relay.cuts_after_bytes += [30_000] * 3
    relay.loses_replies = True
    serving = [program("examroom-central"), "serve", "--data", str(tmp_path / "centre")]
    serving += ["--host", cables.address("centre"), "--port", str(PORT)]
    agent = [program("examroom-sync"), "run", "--data", str(room.box.folder)]
    agent += ["--centre", relay.origin]
    with running(tmp_path / "centre.log", *cables.prefix("centre"), *serving):
        wait_until(lambda: _answers(f"http://{cables.address('centre')}:{PORT}/"), "a centre")
        with running(tmp_path / "agent.log", *cables.prefix("box"), *agent):
            wait_until(lambda: relay.cut_count >= 1 and relay.swallowed_bytes > 0, "trouble")
            ada.write("LETTER", "while the line is bad")
            assert ada.last_no == ada.exchange()["acknowledged"]
            relay.heal()
            wait_until(
                lambda: "while the line is bad" in _bodies(centre), "all of it at the centre", 60
            )
    room.box.terminate()
    journal = room.box.journal()
    written = entries_after(journal.database, 0, journal.head_seq)
    journal.database.close()
    arrived = _arrived(centre)
    assert [(one.epoch, one.seq, one.hash) for one in written[: len(arrived)]] == arrived
    assert 7 == sum(one.kind == "response_saved" for one in written[: len(arrived)])
    centre.engine.dispose()


def _enrol(centre: Centre, folder: Path) -> None:
    identity = load_or_create_box_identity(folder / "keys", "Box")
    enrol_with_file(centre, identity.public.to_bytes(), actor="t", name="Box", room="Test room")


def _answers(address: str) -> bool:
    try:
        requests.get(address, timeout=2)
    except requests.RequestException:
        return False
    return True


def _bodies(centre: Centre) -> str:
    with read(centre.engine) as connection:
        return "\n".join(connection.execute(select(entries.c.body)).scalars())


def _arrived(centre: Centre) -> list[tuple[int, int, bytes]]:
    columns = (entries.c.epoch, entries.c.seq, entries.c.hash)
    with read(centre.engine) as connection:
        rows = connection.execute(select(*columns).order_by(entries.c.seq)).all()
    return [(epoch, seq, bytes(entry_hash)) for epoch, seq, entry_hash in rows]
