"""The parts of the agent that decide: stages, pace, state, and what fits one bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.errors import InvariantViolated
from appliance.domain.journal import Draft, Entry, chain_start, place
from appliance.formats.bundle import BUNDLE_PLAIN_MAX_BYTES, one_run
from sync.agent.pacing import BUNDLE_ENTRIES_MIN, LONGEST_WAIT_MS, Pace
from sync.agent.stages import SYNC_MOVES, SyncStage, SyncStatus
from sync.agent.state import JournalMark, load_state

REST = (SyncStage.CONFIRMING, SyncStatus.COMPLETED)


def test_every_stage_and_status_leads_back_to_reading() -> None:
    """Wherever the agent is killed, it can begin again; no point is a dead end."""
    again = (SyncStage.READING, SyncStatus.STARTED)

    assert all(again in moves for moves in SYNC_MOVES.values())
    assert len(SyncStage) * len(SyncStatus) == len(SYNC_MOVES)


def test_stages_are_not_skipped() -> None:
    """Confirmed is reached only through sending."""
    mark = JournalMark().at(SyncStage.READING, SyncStatus.STARTED)

    with pytest.raises(InvariantViolated):
        mark.at(SyncStage.CONFIRMING, SyncStatus.STARTED)
    with pytest.raises(InvariantViolated):
        mark.at(SyncStage.SENDING, SyncStatus.COMPLETED)


def test_wait_grows_to_a_bound_when_the_line_stays_bad() -> None:
    """The wait doubles, with jitter, up to a minute; one success ends it."""
    pace = Pace(jitter=lambda: 0.999)
    waits, now_ms = [], 0
    for _ in range(20):
        pace.failed(now_ms)
        due_ms = next(ms for ms in range(now_ms, now_ms + 70_000, 250) if pace.is_due(ms))
        waits.append(due_ms - now_ms)
        now_ms = due_ms

    assert waits == sorted(waits)
    assert LONGEST_WAIT_MS - 1_000 < waits[-1] <= LONGEST_WAIT_MS
    assert pace.bundle_entries == BUNDLE_ENTRIES_MIN
    pace.succeeded()
    assert pace.is_due(now_ms)
    assert pace.bundle_entries == 2 * BUNDLE_ENTRIES_MIN


def test_jitter_spreads_boxes_that_lost_the_centre_together() -> None:
    """The shortest wait is half of the longest."""
    early, late = Pace(jitter=lambda: 0.0), Pace(jitter=lambda: 0.999)
    early.failed(0)
    late.failed(0)

    assert early.is_due(500)
    assert not late.is_due(900)


def test_state_is_read_as_it_was_saved(tmp_path: Path) -> None:
    """Marks, cursor and refused documents survive a restart."""
    state = load_state(tmp_path / "state.json")
    state.mailbox_cursor = 7
    state.refused_documents["d"] = "signature_wrong"
    state.journals["j"] = JournalMark(acknowledged_seq=5, acknowledged_hash=b"\x01" * 32)
    state.save()

    assert state == load_state(tmp_path / "state.json")


def test_stopped_journal_is_tried_again_when_the_agent_is_started(tmp_path: Path) -> None:
    """What a person has put right needs no more than a restart; how far it was stays known."""
    state = load_state(tmp_path / "state.json")
    sending = (
        JournalMark(acknowledged_seq=5)
        .at(SyncStage.READING, SyncStatus.STARTED)
        .at(SyncStage.SEALING, SyncStatus.STARTED)
        .at(SyncStage.SENDING, SyncStatus.STARTED)
    )
    state.journals["j"] = sending.at(SyncStage.SENDING, SyncStatus.STOPPED, "entries_conflict")

    state.try_stopped_again()

    assert state.mark("j").point == (SyncStage.READING, SyncStatus.STARTED)
    assert state.mark("j").acknowledged_seq == 5
    assert state.mark("j").error_key is None


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 100, b"[]"])
def test_damaged_state_means_beginning_anew(tmp_path: Path, damage: bytes) -> None:
    """Losing the file costs repeats, which the centre knows, and never an entry."""
    (tmp_path / "state.json").write_bytes(damage)

    state = load_state(tmp_path / "state.json")

    assert state.mark("j").acknowledged_seq == 0


def _entry(seq: int, epoch: int, text: str) -> Entry:
    draft = Draft("response_saved", "candidate", "a", {"v": text})
    return place(draft, epoch=epoch, seq=seq, at_ms=seq, previous=chain_start("j"))


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20).map(sorted))
def test_run_is_of_one_epoch(epochs: list[int]) -> None:
    """A bundle ends where a take-over begins a new epoch."""
    entries = [_entry(seq, epoch, "x") for seq, epoch in enumerate(epochs, start=1)]

    run = one_run(entries)

    assert run == entries[: epochs.count(epochs[0])]


def test_run_ends_before_it_is_too_large() -> None:
    """Large entries travel few at a time, and one alone always travels."""
    large = "x" * (BUNDLE_PLAIN_MAX_BYTES - 100)

    assert len(one_run([_entry(1, 1, large), _entry(2, 1, large)])) == 1
    assert len(one_run([_entry(1, 1, large + large)])) == 1


def test_state_written_before_files_were_sent_still_loads(tmp_path: Path) -> None:
    """An older agent's state is not thrown away."""
    path = tmp_path / "state.json"
    path.write_bytes(
        b'{"format":"sync-state/1","journals":{},"mailbox_cursor":7,"refused_documents":{}}'
    )

    state = load_state(path)

    assert (state.mailbox_cursor, state.delivered_attachments) == (7, {})
