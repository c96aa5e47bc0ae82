"""Fetching the files that candidates have uploaded: after the entries, one at a time."""

from __future__ import annotations

import json

from appliance.formats.attachment import open_attachment
from appliance.formats.keys import PublicIdentity
from appliance.formats.standby_requests import AskFile, OfJournal
from appliance.services.box import Box
from appliance.services.following import Following
from appliance.storage.attachments import Attachments
from appliance.storage.reading import AttachmentReader
from sync.standby.box_client import BoxClient, BoxOutOfReachError


def fetch_file(box: Box, client: BoxClient, leader: PublicIdentity, following: Following) -> bool:
    """Fetch one of the files that are not here yet; return whether others are missing.

    Only one: until the next question for entries the leader does not know what this box holds.
    """
    journal_id, path = following.record.journal_id, following.copy.journal.path
    key = following.record.journal_key or b""
    named = _names(client.ask("files", OfJournal(journal_id=journal_id)).data)
    with AttachmentReader(path, key) as reader:
        here = {sha256 for sha256, _ in reader.list_files()}
    missing = [one for one in named if one not in here]
    if not missing:
        return False
    sealed = client.ask("file", AskFile(journal_id=journal_id, sha256=missing[0])).data
    data = open_attachment(sealed, centre=box.identity, box=leader)
    attachments = Attachments(path, key)
    try:
        # Whose it is stands in the entry that names it; here it only counts towards a limit.
        attachments.put(missing[0], data, attempt_id="", at_ms=box.clock.wall_ms())
    finally:
        attachments.close()
    return len(missing) > 1


def _names(data: bytes) -> list[str]:
    try:
        value = json.loads(data)
    except ValueError as problem:
        raise BoxOutOfReachError from problem
    names = value.get("files") if isinstance(value, dict) else None
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise BoxOutOfReachError
    return names
