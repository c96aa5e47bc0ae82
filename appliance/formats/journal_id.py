"""The id of a journal in what comes from another machine.

Files are named by it on boxes, sticks and at the centre, so no sign in it leads to another folder.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

JournalId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
