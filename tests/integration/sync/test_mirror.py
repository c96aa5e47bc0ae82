"""Mirror sticks: what was said to be on them is, whatever is done to them meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from appliance.formats.bundle import open_bundle
from appliance.formats.keys import create_box_identity
from appliance.formats.mirror_marker import MirrorOfAnotherBoxError
from appliance.formats.receipt import FilesReceipt, write_files_receipt
from appliance.formats.sealing import SealBrokenError
from appliance.platform.clock import SystemClock
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.stick import import_attachments, import_bundles
from sync.central.tables import entries
from sync.removable_media import mirror_stick
from sync.removable_media.mirror import RECEIVERS_MAX, Mirror, mark_mirror
from sync.removable_media.rescue import rooms_on
from sync.removable_media.stick import StickWriteError, export_bundles
from tests.rig.small_disk import SmallDisk

from .conftest import AgentMaker, GrowingJournal

MEBIBYTE = 2**20


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """The folder below which sticks are mounted."""
    folder = tmp_path / "media"
    folder.mkdir()
    return folder


@pytest.fixture
def mirror(agents: AgentMaker, media: Path, journal: GrowingJournal) -> Mirror:
    """A mirror of the box whose journal has begun."""
    agents.paths.make_folders()
    journal.open_room()
    return _mirror(agents, media)


def _mirror(agents: AgentMaker, media: Path) -> Mirror:
    return Mirror(
        paths=agents.paths,
        sticks_under=(media,),
        source=agents.journal,
        box=agents.box,
        centre=agents.running.centre.identity.public,
        clock=SystemClock(),
    )


@pytest.fixture
def mark(agents: AgentMaker) -> Callable[[Path], str]:
    """Mark a stick as the box's mirror."""

    def marking(stick: Path) -> str:
        stick.mkdir(exist_ok=True)
        centre = agents.running.centre.identity.public
        return mark_mirror(stick, box=agents.box, centre=centre, clock=SystemClock())

    return marking


Mark = Callable[[Path], str]


@pytest.fixture
def small_stick(media: Path) -> Iterator[SmallDisk]:
    """A stick with a file system of its own, of 1 MiB."""
    disk = SmallDisk(media / "small", MEBIBYTE)
    disk.mount()
    yield disk
    disk.pull()


def _sticks(agents: AgentMaker) -> list[dict[str, Any]]:
    status = agents.paths.state.with_name("mirror.json")
    found: list[dict[str, Any]] = json.loads(status.read_bytes())["sticks"]
    return found


def _on(stick: Path, agents: AgentMaker) -> int:
    """Return how many entries lie on a stick from the first without a gap, opened by the centre."""
    opened = [
        open_bundle(path.read_bytes(), centre=agents.running.centre.identity, box=agents.box.public)
        for path in (stick / "examroom" / "bundles").iterdir()
    ]
    seqs = {entry.seq for run in opened for entry in run}
    return next(seq for seq in range(1, len(seqs) + 2) if seq not in seqs) - 1


def test_mirror_follows_the_journal_and_the_centre_takes_it_like_any_stick(
    agents: AgentMaker,
    mirror: Mirror,
    media: Path,
    mark: Mark,
    journal: GrowingJournal,
    centre: Centre,
) -> None:
    """Entries and files lie on it after a turn, in few bundles, and its status says so."""
    name = mark(media / "a")
    journal.upload(b"a file", 1)
    for revision in range(2, 200):
        journal.save_response(f"text {revision}", revision)
        mirror.take_turn()

    (stick,) = _sticks(agents)
    assert (stick["stick"], stick["state"], stick["error_key"]) == (name, "following", None)
    assert stick["journals"] == {"journal-1": len(journal.entries)}
    assert (stick["files_missing"], stick["damaged_count"]) == (0, 0)
    assert len(list((media / "a" / "examroom" / "bundles").iterdir())) < 10
    imported = import_bundles(centre, media / "a")
    assert (set(imported.verdicts), imported.refused) == ({"stored"}, {})
    assert import_attachments(centre, media / "a").verdicts == {"stored": 1}
    with read(centre.engine) as connection:
        count = connection.execute(select(func.count()).select_from(entries)).scalar_one()
    assert count == len(journal.entries)


def test_stick_that_was_not_marked_here_is_never_touched(
    agents: AgentMaker, mirror: Mirror, media: Path
) -> None:
    """Neither somebody's own stick nor another box's mirror gets a file, or a new mark."""
    (media / "own" / "holiday").mkdir(parents=True)
    (media / "other").mkdir()
    other, centre = create_box_identity("other"), agents.running.centre.identity.public
    mark_mirror(media / "other", box=other, centre=centre, clock=SystemClock())
    before = sorted(media.rglob("*"))

    mirror.take_turn()

    assert before == sorted(media.rglob("*"))
    assert _sticks(agents) == []
    with pytest.raises(MirrorOfAnotherBoxError):
        mark_mirror(media / "other", box=agents.box, centre=centre, clock=SystemClock())


def test_two_sticks_are_filled_and_one_may_be_exchanged(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """Each holds everything, whenever it came; one that is gone leaves the status."""
    first, second = mark(media / "a"), mark(media / "b")
    mirror.take_turn()
    (media / "b").rename(media.parent / "b")
    journal.save_response("while it was out", 1)
    mirror.take_turn()
    assert [one["stick"] for one in _sticks(agents)] == [first]

    (media.parent / "b").rename(media / "a2")
    (media / "a").rename(media.parent / "a")
    mirror.take_turn()

    (stick,) = _sticks(agents)
    assert stick["stick"] == second
    assert len(journal.entries) == _on(media / "a2", agents)
    assert len(journal.entries) == _on(media.parent / "a", agents)


def test_stick_pulled_in_the_middle_is_filled_when_it_comes_back(
    agents: AgentMaker,
    mirror: Mirror,
    small_stick: SmallDisk,
    mark: Mark,
    journal: GrowingJournal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is written below the empty mount point, and nobody is troubled."""
    mark(small_stick.folder)
    mirror.take_turn()
    real = mirror_stick.write_bundle

    def seal_then_pull(*run: Any, **keys: Any) -> bytes:
        small_stick.pull()
        return real(*run, **keys)

    monkeypatch.setattr(mirror_stick, "write_bundle", seal_then_pull)
    journal.save_response("on its way", 1)
    mirror.take_turn()
    monkeypatch.undo()

    assert _sticks(agents) == []
    assert list(small_stick.folder.iterdir()) == []
    small_stick.mount()
    mark(small_stick.folder)
    mirror.take_turn()
    assert _sticks(agents)[0]["journals"] == {"journal-1": len(journal.entries)}
    assert len(journal.entries) == _on(small_stick.folder, agents)


def test_half_written_file_is_replaced(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """What a pulled stick was left with, under the last name or the one before, is no bundle."""
    mark(media / "a")
    mirror.take_turn()
    bundles = media / "a" / "examroom" / "bundles"
    (whole,) = bundles.iterdir()
    (bundles / f"{whole.name}.new").write_bytes(whole.read_bytes()[:100])
    whole.write_bytes(whole.read_bytes()[:-1])
    (media / "a").rename(media.parent / "a")
    mirror.take_turn()
    (media.parent / "a").rename(media / "a")

    mirror.take_turn()

    assert [path.suffix for path in bundles.iterdir()] == [".bundle"]
    assert len(journal.entries) == _on(media / "a", agents)


def test_flipped_bit_is_found_at_the_next_turn_and_written_again(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """What a stick loses after it was read back is noticed while the box still has it."""
    mark(media / "a")
    journal.upload(b"a file", 1)
    mirror.take_turn()
    for folder in ("bundles", "attachments"):
        (path,) = (media / "a" / "examroom" / folder).iterdir()
        data = bytearray(path.read_bytes())
        data[-20] ^= 1
        path.write_bytes(data)

    mirror.take_turn()

    (stick,) = _sticks(agents)
    assert (stick["journals"], stick["damaged_count"]) == ({"journal-1": len(journal.entries)}, 2)
    assert len(journal.entries) == _on(media / "a", agents)
    assert import_attachments(agents.running.centre, media / "a").verdicts == {"stored": 1}


def test_stick_that_keeps_something_else_is_failing_and_counts_for_nothing(
    agents: AgentMaker,
    mirror: Mirror,
    media: Path,
    mark: Mark,
    journal: GrowingJournal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read back and compared: only what came back the same is said to be there."""
    mark(media / "a")
    real = mirror_stick.write_durably
    monkeypatch.setattr(
        mirror_stick, "write_durably", lambda path, data: real(path, data[:-1] + b"?")
    )
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert (stick["state"], stick["error_key"]) == ("failing", StickWriteError.key)
    assert stick["journals"] == {"journal-1": 0}

    monkeypatch.undo()
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert (stick["state"], stick["journals"]) == (
        "following",
        {"journal-1": len(journal.entries)},
    )


def test_write_protected_stick_is_failing(
    agents: AgentMaker,
    mirror: Mirror,
    small_stick: SmallDisk,
    mark: Mark,
    journal: GrowingJournal,
) -> None:
    """Sticks that wear out go read-only; what was there still counts."""
    mark(small_stick.folder)
    mirror.take_turn()
    reached = len(journal.entries)
    small_stick.write_protect()
    journal.save_response("too late", 1)
    mirror.take_turn()

    (stick,) = _sticks(agents)
    assert (stick["state"], stick["error_key"]) == ("failing", "stick_unreliable")
    assert stick["journals"] == {"journal-1": reached}


def test_full_stick_says_so_and_goes_on_when_there_is_room(
    agents: AgentMaker,
    mirror: Mirror,
    small_stick: SmallDisk,
    mark: Mark,
    journal: GrowingJournal,
) -> None:
    """Files leave room for entries; a full stick keeps what it has, and needs no restart."""
    mark(small_stick.folder)
    journal.upload(bytes(900_000), 1)
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert (stick["state"], stick["error_key"]) == ("full", "stick_full")
    assert stick["journals"] == {"journal-1": len(journal.entries)}

    ballast = small_stick.fill_up()
    reached = len(journal.entries)
    journal.save_response("no room", 2)
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert (stick["state"], stick["journals"]) == ("full", {"journal-1": reached})

    ballast.unlink()
    mirror.take_turn()
    assert _sticks(agents)[0]["journals"] == {"journal-1": len(journal.entries)}


def test_full_stick_gives_up_what_the_centre_has_acknowledged(
    agents: AgentMaker,
    mirror: Mirror,
    small_stick: SmallDisk,
    mark: Mark,
    journal: GrowingJournal,
) -> None:
    """Last month's room sessions make room; the running one is never among them."""
    mark(small_stick.folder)
    journal.write("room_session_sealed", "j", {})
    mirror.take_turn()
    agents.agent().take_turn()
    journal.sealed = True
    mirror.take_turn()
    bundles = small_stick.folder / "examroom" / "bundles"
    assert len(list(bundles.iterdir())) == 1

    running = GrowingJournal("journal-2")
    running.open_room()
    running.upload(bytes(600_000), 1)
    _both(agents, running)
    with (small_stick.folder / "ballast").open("wb") as file:
        file.write(bytes(200_000))
    mirror.take_turn()

    assert [path.name.partition(".")[0] for path in bundles.iterdir()] == ["journal-2"]


def _both(agents: AgentMaker, other: GrowingJournal) -> None:
    """Let the box have a second journal."""
    first = agents.journal
    found = {first.journal_id: first, other.journal_id: other}
    first.journal_ids = lambda: list(found)  # type: ignore[method-assign]
    for name in ("read", "read_attachments", "is_sealed", "receivers"):
        real = getattr(GrowingJournal, name)
        setattr(first, name, lambda one, real=real: real(found[one], one))


def test_room_whose_files_the_centre_had_by_stick_is_done_with(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """Its entries are acknowledged and it is closed: the receipt for its file was what lacked."""
    mark(media / "a")
    sha256 = journal.upload(b"a file", 1)
    file = journal.files.pop(sha256)
    agents.agent().take_turn()
    journal.files[sha256] = file
    journal.sealed = True
    mirror.take_turn()
    assert _sticks(agents)[0]["journals"] == {"journal-1": len(journal.entries)}

    centre = agents.running.centre.identity
    receipt = FilesReceipt(centre_id=centre.id, journal_id="journal-1", files=[sha256])
    kept = agents.paths.receipts / "any.files-receipt"
    kept.write_bytes(write_files_receipt(receipt, centre=centre))
    mirror.take_turn()

    assert _sticks(agents)[0]["journals"] == {}


def test_other_record_under_our_numbers_is_not_overwritten(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """A box that was set back in time must not erase what the stick has seen."""
    mark(media / "a")
    journal.save_response("seen by the stick", 1)
    mirror.take_turn()
    before = {path: path.read_bytes() for path in (media / "a" / "examroom").rglob("*.bundle")}
    journal.entries = journal.entries[:-1]
    journal.save_response("written again", 1)

    _mirror(agents, media).take_turn()

    (stick,) = _sticks(agents)
    assert (stick["state"], stick["error_key"]) == ("failing", "stick_differs")
    assert before == {path: path.read_bytes() for path in before}


def test_bundles_of_another_box_on_the_stick_are_left_alone(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """What cannot be verified with our key may be somebody else's only copy."""
    mark(media / "a")
    other, centre = create_box_identity("other"), agents.running.centre.identity.public
    journal.save_response("by the other", 1)
    export_bundles(journal, media / "a", box=other, centre=centre, state=agents.agent()._state)
    (foreign,) = (media / "a" / "examroom" / "bundles").iterdir()
    kept = foreign.read_bytes()
    journal.save_response("by us", 2)
    mirror.take_turn()

    assert kept == foreign.read_bytes()
    assert _sticks(agents)[0]["journals"] == {"journal-1": len(journal.entries)}


def test_spare_finds_the_same_on_the_stick_sealed_to_it(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """For at most so many boxes, opened by them alone, and gone when the centre has all of it."""
    spares = [create_box_identity(f"spare {number}") for number in range(RECEIVERS_MAX + 1)]
    journal.boxes = [agents.box.public, *(one.public for one in spares)]
    mark(media / "a")
    journal.upload(b"a file", 1)
    mirror.take_turn()
    above = media / "a" / "examroom" / "for-boxes"

    assert {one.name for one in above.iterdir()} == {one.id for one in spares[:RECEIVERS_MAX]}
    writers = {agents.box.id: agents.box.public}
    (room,) = rooms_on(media / "a", box=spares[0], writers=writers)
    assert [entry for run in room.runs() for entry in run] == journal.entries
    assert [data for _, data in room.files()] == [b"a file"]
    (lane,) = (above / spares[1].id / "bundles").iterdir()
    with pytest.raises(SealBrokenError):
        open_bundle(lane.read_bytes(), centre=spares[0], box=agents.box.public)
    journal.sealed = True
    agents.agent().take_turn()
    mirror.take_turn()
    assert [path for path in above.rglob("*") if path.is_file()] == []


def test_place_is_not_counted_as_second_where_the_spare_lacks_it(
    agents: AgentMaker, mirror: Mirror, media: Path, mark: Mark, journal: GrowingJournal
) -> None:
    """A page forgets what is in two places: what only the centre could read must not count."""
    journal.boxes = [create_box_identity("spare").public]
    mark(media / "a")
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert stick["journals"] == {"journal-1": len(journal.entries)}
    (lane,) = (media / "a" / "examroom" / "for-boxes").iterdir()
    shutil.rmtree(lane / "bundles")
    (lane / "bundles").write_text("in the way")
    journal.save_response("more", 1)
    mirror.take_turn()
    (stick,) = _sticks(agents)
    assert (stick["state"], stick["journals"]) == ("failing", {"journal-1": 0})
