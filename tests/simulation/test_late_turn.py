"""A follower's turn that hung on the network goes on after a person has taken over on its box."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.services.follow import begin_following
from appliance.services.hand_over import become_follower
from appliance.services.serve_followers import describe
from appliance.services.take_over import take_over
from tests.simulation.box_machine import BoxMachine
from tests.simulation.play import Play


@pytest.fixture
def boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BoxMachine, BoxMachine]:
    """A box that led and hangs, and the standby that has just been taken over."""
    play = Play(1, tmp_path, monkeypatch)
    play._begin()
    first, second = play.boxes[:2]
    for _ in range(5):
        second.follow()
        play.world.now_ms += 2_500
    first.is_stopped = True
    second.do(lambda box: take_over(box, actor="chief"))
    assert second.box is not None
    assert second.box.room is not None
    return first, second


def test_late_turn_does_not_follow_with_a_leaders_journal(
    boxes: tuple[BoxMachine, BoxMachine],
) -> None:
    """The view it waited for says that the other one leads: that was true when it asked."""
    first, second = boxes
    assert first.box is not None
    assert second.box is not None
    view = describe(first.box)
    assert view.leads
    assert begin_following(second.box, view, second._follower) is None
    assert second.box.following is None


def test_late_turn_does_not_set_a_leaders_journal_aside(
    boxes: tuple[BoxMachine, BoxMachine],
) -> None:
    """It would hand over and begin afresh; the file is the room's now."""
    _, second = boxes
    assert second.box is not None
    assert second.box.room is not None
    record, path = second.box.room.record, second.journal().path
    become_follower(second.box, record, 0)
    assert path.exists()
    assert "leading" == second.box.store.journals()[-1].role
