"""What a box says of itself to the centre: its version, and what became of an update."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from appliance.formats.canonical import CanonicalDocument
from appliance.formats.update_document import Version
from appliance.formats.update_status import RefusedUpdate

REPORT_MAX_BYTES = 16 * 1024


class BoxReport(CanonicalDocument):
    """Which version runs, of the image or of the package.

    `installed` waits for the next start; `given_up` was tried and did not come to serve.
    """

    format: Literal["box-report/1"] = "box-report/1"
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+~-]{0,31}$")]
    installed: Version | None = None
    given_up: Version | None = None
    refused: RefusedUpdate | None = None
