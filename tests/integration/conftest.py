"""Boxes for integration tests, ended with the test whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.small_exam import small_exam

MakeBox = Callable[..., BoxProcess]


@pytest.fixture
def make_box(tmp_path: Path) -> Iterator[MakeBox]:
    """Make boxes; all are killed at the end."""
    made: list[BoxProcess] = []

    def make(candidates: int = 2, **options: object) -> BoxProcess:
        folder = tmp_path / f"box-{len(made)}"
        box = BoxProcess(folder, small_exam(), candidates, **options)  # type: ignore[arg-type]
        made.append(box)
        return box

    yield make
    for box in [one for first in made for one in (first, *first.standbys)]:
        box.thaw()
        box.kill()


@pytest.fixture
def running_box(make_box: MakeBox) -> BoxProcess:
    """Return a started box whose room is open and exam released."""
    box = make_box()
    box.start()
    box.open_and_release()
    return box


def writing_clients(box: BoxProcess) -> list[CandidateClient]:
    """Sign everybody in, check them in, start the exam; return their clients."""
    clients = [
        CandidateClient(box.origin, code, f"client{number:04}")
        for number, code in enumerate(box.codes)
    ]
    for client in clients:
        client.sign_in()
    staff = box.staff()
    staff.check_in_who_waits()
    staff.start(SITTING)
    for client in clients:
        client.exchange()
    return clients
