"""What the centre sent and the box could not take: the page says why, also of long ago."""

from __future__ import annotations

from pathlib import Path

from appliance.composition import make_box
from appliance.formats.keys import create_centre_identity, create_recovery_key, pin_centre
from appliance.services.box_health import box_health
from appliance.services.take_in_mailbox import take_in_mailbox
from appliance.settings import Settings

OLD = "This is what an earlier version wrote down."


def test_refused_documents_say_why(tmp_path: Path) -> None:
    """A file that is no document, and a row with a plain sentence."""
    box = make_box(Settings(data_dir=tmp_path))
    centre = create_centre_identity("Centre", recovery=create_recovery_key().public)
    pin_centre(box.keys_dir, centre.public)
    incoming = tmp_path / "mailbox" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "document-1.staff").write_bytes(b"nothing of ours")
    assert 0 == take_in_mailbox(box)
    box.store.note_document("document-0", "roster", OLD, 1)
    (kind, why), (old_kind, old_why) = box_health(box).refused_documents
    assert ("staff", "roster", OLD) == (kind, old_kind, str(old_why))
    assert why.message.startswith("This file is not one that examroom wrote")
