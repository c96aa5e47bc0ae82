"""Every operating error of the product: a key, and a sentence for the person who meets it.

An error is an expected outcome: it has a stable `key`, a `staff_message`, and where a candidate can
meet it a `candidate_message`. Messages are templates over `fields` and are translated where shown.
A programmer error is not one of these: it is `InvariantViolated`, and it stops the process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

_FIELD = re.compile(r"\{(\w+)\}")


class ExamroomError(Exception):
    """The root of all operating errors.  Never raised itself."""

    key: ClassVar[str] = ""
    staff_message: ClassVar[str] = ""
    candidate_message: ClassVar[str | None] = None

    def __init__(self, **fields: str | int) -> None:
        self.fields = fields
        super().__init__(fill_in(self.staff_message, fields))


def fill_in(template: str, fields: Mapping[str, str | int]) -> str:
    """Return a message with its fields; one that was not given is shown by its name."""
    return _FIELD.sub(lambda found: str(fields.get(found[1], found[0])), template)


class RefusedError(ExamroomError):
    """Not allowed now.  The message says when or by whom it would be."""


class InvalidInputError(ExamroomError):
    """A boundary rejected what it was given.  Nothing was changed."""


class NotFoundError(ExamroomError):
    """There is no such thing here."""


class ConflictError(ExamroomError):
    """Something else stands already; `fields` say what."""


class TransientError(ExamroomError):
    """It may work when tried again after `retry_after_seconds`."""

    retry_after_seconds: ClassVar[int] = 5


class PermanentSyncError(ExamroomError):
    """The far end said no for good; a person must look."""


class CorruptionError(ExamroomError):
    """Stored bytes are not what was written.  Nothing is deleted; the file is set aside."""


class InvariantViolated(Exception):  # noqa: N818 - the name house style gives it
    """A programmer error: the process stops with a traceback and systemd starts it again."""
