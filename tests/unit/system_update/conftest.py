"""A machine for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.services import kept_update
from tests.rig.two_versions import TwoVersions, make_two_versions


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoVersions:
    """Return a machine that runs a first version."""
    made = make_two_versions(tmp_path)
    monkeypatch.setattr(kept_update, "STATUS_PATH", made.state / "status.json")
    return made
