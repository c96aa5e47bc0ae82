"""What the browser's tests share: a box whose exam has begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.box_process import BoxProcess
from tests.rig.small_exam import small_exam


@pytest.fixture
def box(tmp_path: Path) -> Iterator[BoxProcess]:
    """Return a started box, open and released, with two candidates."""
    made = BoxProcess(tmp_path / "box", small_exam(), candidates=2)
    made.start()
    made.open_and_release()
    yield made
    made.thaw()
    made.kill()
