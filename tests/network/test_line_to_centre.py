"""The line to the centre: 256 kbit/s, and cut again and again; everything arrives, once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.storage.journals import entries_after
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.tables import entries
from tests.integration.test_standby import wait_until
from tests.network.conftest import MakeRoom
from tests.rig.cables import Cables
from tests.rig.centre_process import CentreProcess


@pytest.fixture
def centre(cables: Cables, tmp_path: Path) -> Iterator[CentreProcess]:
    """A centre on its machine, not yet started."""
    made = CentreProcess(tmp_path / "centre", cables.address("centre"), cables.prefix("centre"))
    yield made
    made.stop()


def test_everything_arrives_once_over_a_slow_line_that_breaks(
    make_room: MakeRoom, cables: Cables, centre: CentreProcess
) -> None:
    """Bundles are cut in the middle and their replies are lost; saves go on meanwhile."""
    room = make_room(1, given_centre=centre.centre.identity)
    centre.enrol(room.box.folder)
    (ada,) = room.open()
    chance = random.Random(4)
    for _ in range(6):
        ada.write("ESSAY", "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=20_000)))
        ada.exchange()
    centre.start()
    cables.throttle("centre", "256kbit")
    relay = room.relay("centre", centre.port)
    relay.cuts_after_bytes += [30_000] * 3
    relay.loses_replies = True
    centre.start_agent(room.box.folder, origin=relay.origin, prefix=cables.prefix("box"))
    wait_until(lambda: relay.cut_count >= 1 and relay.swallowed_bytes > 0, "trouble")
    ada.write("LETTER", "while the line is bad")
    assert ada.last_no == ada.exchange()["acknowledged"]
    relay.heal()
    wait_until(lambda: "while the line is bad" in _bodies(centre.centre), "all of it there", 60)
    room.box.terminate()
    journal = room.box.journal()
    written = entries_after(journal.database, 0, journal.head_seq)
    journal.database.close()
    arrived = _arrived(centre.centre)
    assert [(one.epoch, one.seq, one.hash) for one in written[: len(arrived)]] == arrived
    assert 7 == sum(one.kind == "response_saved" for one in written[: len(arrived)])


def _bodies(centre: Centre) -> str:
    with read(centre.engine) as connection:
        return "\n".join(connection.execute(select(entries.c.body)).scalars())


def _arrived(centre: Centre) -> list[tuple[int, int, bytes]]:
    columns = (entries.c.epoch, entries.c.seq, entries.c.hash)
    with read(centre.engine) as connection:
        rows = connection.execute(select(*columns).order_by(entries.c.seq)).all()
    return [(epoch, seq, bytes(entry_hash)) for epoch, seq, entry_hash in rows]
