"""What the program that installs updates says of them, for the pages of the exam server."""

from __future__ import annotations

from typing import Literal

from appliance.formats.canonical import CanonicalDocument
from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.receipt import Count
from appliance.formats.update_document import Version


class RefusedUpdate(CanonicalDocument):
    """An update that was not taken or not installed, and why."""

    format: Literal["refused-update/1"] = "refused-update/1"
    version: Version | None = None
    why: KeptSentence
    at_ms: Count


class UpdateStatus(CanonicalDocument):
    """How the versions on the disk stand.

    `installed` waits for the next start; `given_up` was tried and did not come to serve.
    """

    format: Literal["update-status/1"] = "update-status/1"
    installed: Version | None = None
    given_up: Version | None = None
    refused: RefusedUpdate | None = None
