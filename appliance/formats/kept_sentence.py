"""Why something was refused, kept until somebody reads it: in the language that they read then."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from appliance.domain.errors import ExamroomError, fill_in
from appliance.formats.canonical import CanonicalDocument

MESSAGE_MAX = 500
FIELD_MAX = 200
FIELDS_MAX = 10

_Text = Annotated[str, Field(max_length=FIELD_MAX)]


class KeptSentence(CanonicalDocument):
    """The message of an error for staff, as it is translated, and what belongs into it."""

    message: Annotated[str, Field(max_length=MESSAGE_MAX)]
    fields: Annotated[dict[_Text, _Text], Field(max_length=FIELDS_MAX)]

    @classmethod
    def of(cls, problem: ExamroomError) -> Self:
        """Keep what an error says."""
        fields = {name: str(value)[:FIELD_MAX] for name, value in problem.fields.items()}
        return cls(message=problem.staff_message[:MESSAGE_MAX], fields=fields)

    def __str__(self) -> str:
        """Return it in English, as commands and the log show it."""
        return self.filled(self.message)

    def filled(self, message: str) -> str:
        """Return a translation of the message with its fields."""
        return fill_in(message, self.fields)
