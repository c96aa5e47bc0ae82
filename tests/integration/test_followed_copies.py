"""What a box follows is looked at by several threads and programs, while another one makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.composition import make_box
from appliance.services.follow import known_origins
from appliance.settings import Settings
from appliance.storage.box_store import JournalRecord
from appliance.storage.database import KEY_BYTES, open_database
from appliance.storage.reading import JournalReader, JournalUnfinishedError, journal_path


def test_copy_that_is_just_being_made_is_passed_over(tmp_path: Path) -> None:
    """`examroom rescue` had made the file and not yet its tables: the follower ended at that."""
    box = make_box(Settings(data_dir=tmp_path))
    key = bytes(KEY_BYTES)
    box.store.add_journal(JournalRecord("journal-1", key, "A 1", 1, None, None, "following"))
    path = journal_path(tmp_path, "journal-1")
    path.parent.mkdir(parents=True, exist_ok=True)
    open_database(path, key).close()
    try:
        assert path.exists()
        with pytest.raises(JournalUnfinishedError):
            JournalReader(path, key)
        assert [] == known_origins(box)
    finally:
        box.store.close()
